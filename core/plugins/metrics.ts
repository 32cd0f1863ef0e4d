/** What is counted of isolated components, beside their own instruments. */
import type { DropRemedy } from '../component/remedy.js'
import type { MetricDeclaration } from '../telemetry/meter.js'

export const pluginDeaths: MetricDeclaration = { name: 'plugin_deaths', kind: 'counter', unit: '', attributes: ['reason'], description: 'Times the thread of an isolated plugin component ended against its will: `exit`, `hang`, `memory`, `timeout` or `crash`.' }
export const pluginDisabled: MetricDeclaration = { name: 'plugin_disabled', kind: 'gauge', unit: '', description: 'Whether an isolated plugin component was given up: 1, else 0.' }
export const pluginMemory: MetricDeclaration = { name: 'plugin_memory', kind: 'gauge', unit: 'bytes', description: 'Memory of the thread of an isolated plugin component: its heap and buffers.' }
export const pluginInFlight: MetricDeclaration = { name: 'plugin_in_flight', kind: 'gauge', unit: '', description: 'Batches that an isolated plugin component was given and has not answered for.' }

export const pluginMetrics: readonly MetricDeclaration[] = [pluginDeaths, pluginDisabled, pluginMemory, pluginInFlight]

export const pluginDrops = {
  plugin_poison: 'The plugin ended twice while it had these rows.',
  plugin_disabled: 'The plugin was given up after its failures, and `when_disabled` is `reject`.',
  plugin_malformed: 'The plugin passed on something that is no batch.'
} as const

export const pluginRemedies: Readonly<Record<keyof typeof pluginDrops, DropRemedy>> = {
  plugin_poison: { options: [], action: 'The log says how the plugin ended and with which batch; repair it, and try that with `tapio plugin test`.' },
  plugin_disabled: { options: [], action: 'The state of the component in `tapio status` says what failed. Repair the plugin and reload, or let rows pass without it: `when_disabled: pass` under `plugins`.' },
  plugin_malformed: { options: [], action: 'A fault of the plugin: it must pass on batches of `tapio/plugin` (BatchBuilder, or the batch it was given).' }
}
