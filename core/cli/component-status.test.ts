/** Scenario: a component that can say what it could do here, and a running Tapio's metrics. Guarantees: table, JSON, exit codes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineComponent, type ComponentStatus } from '../component/factory.js'
import { Options } from '../config/schema.js'
import { addStatusCommand } from './component-status.js'
import type { ExitName } from './exit-codes.js'

let answer: ComponentStatus = { usable: true, summary: 'works here', facts: { kernel: 'Linux 9' }, parts: [{ group: 'network', name: 'hook_a', usable: true, why: '' }, { group: 'memory', name: 'hook_b', usable: false, why: 'is too old' }] }
const common = { kind: 'receiver', stability: 'beta', signals: ['events'], schema: Options({}), concurrency: 'single', drops: {}, create: () => { throw new Error('not made for a status') } } as const
/** What the command imports by URL: this file. */
export const components = [
  defineComponent({ ...common, type: 'seeing', description: 'Sees.', metrics: [{ name: 'seen', kind: 'counter', unit: 'records', description: 'x' }], status: () => Promise.resolve(answer) }),
  defineComponent({ ...common, type: 'blind', description: 'Sees nothing.', metrics: [] })
]

const test = suite('tapio TYPE status')
const metrics = createServer((request, response) => {
  if (request.url === '/broken') response.writeHead(500)
  response.end('# TYPE tapio_seen_records_total counter\ntapio_seen_records_total{component="receiver/seeing"} 42\ntapio_other_total 7\n')
})
test.before(() => new Promise<void>(resolve => { metrics.listen(0, '127.0.0.1', resolve) }))
test.after(() => { metrics.close() })
const url = (path = '/metrics'): string => `http://127.0.0.1:${(metrics.address() as AddressInfo).port}${path}`

async function run (...args: string[]): Promise<{ out: string, exit: ExitName | undefined, known: boolean }> {
  let [out, exit] = ['', undefined as ExitName | undefined]
  const io = { out: (text: string) => { out += text }, err: () => undefined, color: false, env: {}, modules: [import.meta.url] }
  const program = new Command('tapio').exitOverride()
  program.command('graph')
  await addStatusCommand(program, args[0], io, e => { exit = e })
  const known = program.commands.length > 1
  if (known) await program.parseAsync(args, { from: 'user' })
  return { out, exit, known }
}

test('says what works, what does not and why, and what the running one counts', async () => {
  const { out, exit } = await run('seeing', 'status', '--metrics', url())
  assert.is(exit, 'ok')
  assert.match(out, /^works here\n {2}kernel: Linux 9\n/)
  assert.match(out, /hook_b │ not here │ is too old/)
  assert.match(out, /tapio_seen_records_total │ component="receiver\/seeing" │ 42/)
  assert.not.match(out, 'tapio_other')
  assert.not.match(out, '\u001b')
})

test('JSON has the same', async () => {
  const { out } = await run('seeing', 'status', '-o', 'json', '--metrics', url())
  assert.equal(JSON.parse(out), { ...answer, running: { series: [{ metric: 'tapio_seen_records_total', labels: 'component="receiver/seeing"', value: 42 }] } })
})

test('without a running Tapio the rest is said all the same', async () => {
  const { out, exit } = await run('seeing', 'status', '--metrics', 'http://127.0.0.1:1/metrics')
  assert.is(exit, 'ok')
  assert.match(out, 'no running Tapio answers at http://127.0.0.1:1/metrics')
  assert.match((await run('seeing', 'status', '--metrics', url('/broken'))).out, 'answers 500')
})

test('what cannot work here is a failure', async () => {
  answer = { usable: false, summary: 'needs root', facts: {}, parts: [] }
  const { out, exit } = await run('seeing', 'status', '--metrics', url())
  assert.is(exit, 'failure')
  assert.match(out, /^needs root\n/)
})

test('no such group for components without a status, other words and commands that are there', async () => {
  for (const word of ['blind', 'graph', '--version', 'nothing']) assert.is((await run(word)).known, false, word)
  assert.is((await run()).known, false)
})

test.run()
