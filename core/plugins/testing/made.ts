/** Plugins written to files, loaded as a configuration would. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import type { ComponentFactory } from '../../component/factory.js'
import { testBench, type TestBench } from '../../testing/services.js'
import { systemClock } from '../../component/clock.js'
import { pluginSchema, type PluginOptions } from '../config.js'
import { factoriesOf } from '../factories.js'
import { loadPlugins } from '../load.js'

/** Options with their defaults, as the configuration gives them. */
export const optionsOf = (given: Partial<PluginOptions>): PluginOptions => Value.Default(pluginSchema, { ...given }) as PluginOptions

export class PluginFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'tapio-plugin-test-'))

  write (name: string, text: string): string {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  remove (): void { rmSync(this.path, { recursive: true, force: true }) }
}

/** A plugin with one component whose class body is `body`: JavaScript, with `services`, `next`, `config` in reach. */
export function pluginText ({ name = 'tapio-plugin-test', kind = 'processor', body, head = '', permissions = '{}', schema = '{ then: Type.String({ default: \'\', description: \'What it does next.\' }) }' }: {
  readonly name?: string, readonly kind?: string, readonly body: string, readonly head?: string, readonly permissions?: string, readonly schema?: string
}): string {
  return `import { accepted, definePlugin, defineComponent, Options, Type } from 'tapio/plugin'
${head}
export default definePlugin({
  name: '${name}', version: '1.0.0', tapio: '*', permissions: ${permissions},
  components: [defineComponent({
    kind: '${kind}', type: 'tested', description: 'Under test.', stability: 'alpha', signals: ['traces', 'metrics', 'logs', 'profiles', 'events'], concurrency: 'stateless',
    metrics: [{ name: 'tested_rows', kind: 'counter', unit: 'events', description: 'Rows seen.' }], drops: { unwanted: 'Rows it does not want.' },
    schema: Options(${schema}),
    create: services => { const next = services.get('next'); const config = services.get('config'); let calls = 0; return { ${body} } }
  })]
})
`
}

export interface Running {
  readonly component: ReturnType<ComponentFactory['create']> extends infer T ? Awaited<T> : never
  readonly bench: TestBench
}

/** The first component of the plugin at `path`, made and started over test services. */
export async function runPlugin (path: string, given: Partial<PluginOptions> = {}, config: unknown = { then: '' }): Promise<Running> {
  const [loaded] = await loadPlugins(optionsOf({ ...given, path }), '/')
  const [factory] = await factoriesOf((loaded as NonNullable<typeof loaded>).reference)
  const { kind, type } = factory as ComponentFactory
  const bench = testBench(kind, type, config, { clock: systemClock })
  const component = await (factory as ComponentFactory).create(bench.services)
  await component.start?.(bench.host)
  return { component, bench }
}
