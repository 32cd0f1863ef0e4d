/**
 * `tapio TYPE status` for components that can say what they could do on this machine, with what a running Tapio counts for
 * them. The group is added only when its name was typed: all other commands start without loading the components.
 */
import Table from 'cli-table3'
import { Option, type Command } from 'commander'
import type { ComponentFactory, ComponentStatus } from '../component/factory.js'
import { openCatalog } from '../instance.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

interface StatusOptions { readonly output: 'table' | 'json', readonly metrics: string }
interface Series { readonly metric: string, readonly labels: string, readonly value: number }

const answerTimeoutMs = 2000

/** Nothing happens when `word` is no type of a component that has a status. */
export async function addStatusCommand (program: Command, word: string | undefined, io: CommandIo, done: (exit: ExitName) => void): Promise<void> {
  if (word === undefined || !/^[a-z][a-z0-9_]*$/.test(word) || program.commands.some(c => c.name() === word)) return
  const factory = (await openCatalog(io.modules)).all.find(f => f.type === word && f.status !== undefined)
  if (factory === undefined) return
  program.command(word).description(factory.description)
    .command('status').description('what this machine allows, and what a running Tapio counts')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .option('--metrics <url>', 'of a running Tapio (service.telemetry.metrics)', 'http://127.0.0.1:8888/metrics')
    .action(async (options: StatusOptions) => done(await showStatus(factory, options, io)))
}

async function showStatus (factory: ComponentFactory, options: StatusOptions, io: CommandIo): Promise<ExitName> {
  const status = await factory.status?.() as ComponentStatus
  const running = await runningSeries(factory, options.metrics)
  if (options.output === 'json') io.out(`${JSON.stringify({ ...status, running: typeof running === 'string' ? { error: running } : { series: running } }, null, 2)}\n`)
  else io.out(draw(status, running, options.metrics, io))
  return status.usable ? 'ok' : 'failure'
}

/** The component's own series, or why there are none. */
async function runningSeries (factory: ComponentFactory, url: string): Promise<Series[] | string> {
  let text: string
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) })
    if (!answer.ok) return `${url} answers ${answer.status}`
    text = await answer.text()
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
    return `no running Tapio answers at ${url} (${cause?.code ?? (error as Error).message})`
  }
  const names = factory.metrics.map(m => `tapio_${m.name}`)
  return text.split('\n').flatMap(line => {
    const [, metric, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return metric !== undefined && names.some(name => metric.startsWith(name)) ? [{ metric, labels, value: Number(value) }] : []
  })
}

function draw (status: ComponentStatus, running: Series[] | string, url: string, io: CommandIo): string {
  const style = io.color ? {} : { head: [], border: [] }
  const lines = [status.summary, ...Object.entries(status.facts).map(([name, value]) => `  ${name}: ${value}`)]
  if (status.parts.length > 0) {
    const table = new Table({ head: ['part', 'name', 'state', 'why'], style, wordWrap: true, colWidths: [null, null, null, 70] })
    for (const part of status.parts) table.push([part.group, part.name, part.usable ? 'usable' : 'not here', part.why])
    lines.push(table.toString())
  }
  if (typeof running === 'string') lines.push(running)
  else if (running.length === 0) lines.push(`the Tapio at ${url} does not run this component`)
  else {
    const table = new Table({ head: ['metric', 'of', 'value'], style })
    for (const { metric, labels, value } of running) table.push([metric, labels, value])
    lines.push(`the running Tapio at ${url}:`, table.toString())
  }
  return lines.join('\n') + '\n'
}
