/** The section `plugins` of a configuration. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options } from '../config/schema.js'

export const pluginSchema = Options({
  name: Type.Optional(Type.String({ minLength: 1, description: 'A package, looked for in the `node_modules` of the folder of this file and above it, then beside Tapio.' })),
  path: Type.Optional(Type.String({ minLength: 1, description: 'A file (JavaScript or TypeScript) or the folder of a package, relative to this file.' })),
  directory: Type.Optional(Type.String({ minLength: 1, description: 'A folder of plugins: each file and each package directly in it.' })),
  isolation: Enum(['worker', 'none'], { default: 'worker', description: 'In a thread of its own with a bound on memory, or among Tapio\'s own: faster, and a fault of the plugin is one of Tapio.' }),
  memory_limit: ByteSize({ default: '256MiB', minimum: '16MiB', description: 'Memory of one of its components; one that takes more is ended and started again.' }),
  start_timeout: Duration({ default: '30s', minimum: '100ms', description: 'A component that has not been made and started after so long is ended and started again; the rest of Tapio waits for its first start.' }),
  hang_timeout: Duration({ default: '10s', minimum: '100ms', description: 'A component that gives no sign of life for so long is ended and started again.' }),
  call_timeout: Duration({ default: '30s', minimum: '100ms', description: 'The same when it does not answer for a batch for so long.' }),
  on_failure: Enum(['restart', 'disable', 'stop'], { default: 'restart', description: 'When a component ends, hangs or takes too much memory: start it again (at most `max_restarts` times a minute, then it is disabled), disable it, or end Tapio in order.' }),
  max_restarts: Type.Integer({ default: 5, minimum: 0, maximum: 10_000, description: 'Restarts of a component within a minute before it is disabled.' }),
  when_disabled: Enum(['reject', 'pass'], { default: 'reject', description: 'What becomes of rows that reach a disabled processor: rejected and counted, or passed on unchanged. `pass` lets through what a redaction should have changed.' })
}, { description: 'A plugin: one of `name`, `path` and `directory`.' })

export const pluginsSchema = Type.Array(pluginSchema, { default: [], maxItems: 100, description: 'Components and patterns that do not come with Tapio.' })

export type PluginOptions = Static<typeof pluginSchema>
