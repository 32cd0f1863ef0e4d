/**
 * Scenario: a real gRPC server over a real store and a host with a plan, asked by the commands that look at a running Tapio.
 * Guarantees: what they print and how they end; top draws on a terminal, obeys its keys and leaves the terminal as it was; tap says what it did
 * not show; incidents are the same from a store as from a server.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { FakeHost, testPlan } from '../../api/services/testing/bench.js'
import { BatchBuilder } from '../../data/builder.js'
import { imageIncident, memoryIncident } from '../../incidents/testing/incidents.js'
import { serveApi, type ApiServer } from './testing/api-server.js'
import { FakeTerminal } from './testing/fake-terminal.js'
import { events, filledStore } from './testing/filled-store.js'
import { run, type Answer, type RunOptions } from './testing/run.js'

const test = suite('commands that ask a running Tapio')
const directory = await mkdtemp(join(tmpdir(), 'tapio-cli-live-'))
const store = await filledStore(directory)
const host = new FakeHost()
host.plan = testPlan(['main: test_source | test_misbehaving | test_sink'])
host.settingsOf.set('receiver/test_source', { rows: 7, password: '[redacted]' })
host.answers = {
  'topology.view': { 'processor/context': () => ({ nodes: [{ entity: { kind: 'Node', name: 'node-7' }, exists: true }, { entity: { kind: 'Pod', namespace: 'shop', name: 'cart-0' }, exists: true }], edges: [{ from: 1, to: 0, kind: 'runs_on' }], omitted: 3, notes: ['since 03:00 only'] }) },
  'collectors.list': { 'receiver/tapio': () => [{ id: 'node-1/ebpf', connected: true, lastSeenMs: Date.UTC(2026, 0, 31, 3), events: 1234, rejected: 2 }] }
}
const server = await serveApi(store, { host })
const storeOnly = await serveApi(store)
test.after(async () => {
  await server.stop()
  await storeOnly.stop()
  await store.close()
  await rm(directory, { recursive: true })
})
const ask = (args: readonly string[], options: RunOptions = {}, at: ApiServer = server): Promise<Answer> => run([...args, '--server', at.endpoint], options)

test('status: ready or not is the exit code', async () => {
  const well = await ask(['status'])
  assert.equal([well.exit, well.err], ['ok', ''])
  assert.match(well.out, /^tapio 1\.2\.3 at 127\.0\.0\.1:\d+: mode standard, on \S+, up 1 min/)
  assert.match(well.out, /\nREADY \(graph running\)\n/)
  assert.match(well.out, /\nstore: 5 events, 3 incidents, 0 links, [\d.]+ KiB, 2026-01-31 03:00:00 to 2026-01-31 03:00:06 UTC\n/)
  assert.match(well.out, /\n {2}main {2}0\/s in {2}0\/s out {2}0 dropped {2}test_source -> test_misbehaving -> test_sink\n$/)
  host.healthNow = { ...host.healthNow, ready: false }
  assert.is((await ask(['status'])).exit, 'failure')
  host.healthNow = { ...host.healthNow, ready: true }
  const { info, pipelines } = JSON.parse((await ask(['status', '-o', 'json'])).out) as { info: { store: { events: string } }, pipelines: { edges: unknown[] } }
  assert.equal([info.store.events, pipelines.edges.length], ['5', 3])
})

test('status of a store alone says nothing of a Tapio', async () => {
  assert.match((await run(['status', '--store', directory])).out, /^tapio \d+\.\d+\.\d+: the store in .*, without asking a running Tapio\nstore: 5 events/)
  assert.match((await ask(['status'], {}, storeOnly)).out, /mode serve.*\nREADY/)
})

test('collectors: receivers and remote ones; how one works', async () => {
  const { exit, out } = await ask(['collectors'])
  assert.is(exit, 'ok')
  assert.equal(out.split('\n')[0]?.split(/ {2,}/), ['ID', 'KIND', 'TYPE', 'STATE', 'EVENTS', 'REJECTED', 'LAST SEEN (UTC)', 'HOST', 'VERSION'])
  assert.match(out, /\nnode-1\/ebpf +tapio .* connected +1,234 +2 +2026-01-31 03:00:00/)
  assert.match(out, /\nreceiver\/test_source +receiver +test_source/)
  assert.equal((JSON.parse((await ask(['collectors', '--kind', 'tapio', '-o', 'json'])).out) as { id: string }[]).map(c => c.id), ['node-1/ebpf'])
  assert.is((await ask(['collectors', '--state', 'away'])).out, 'No collectors.\n')
  assert.match((await ask(['collectors', 'config', 'receiver/test_source'])).out, /settings:\n(.*\n)* +rows: 7\n/)
  // What is typed before the word is not lost.
  assert.match((await run(['collectors', '--server', server.endpoint, 'config', 'receiver/test_source'])).out, /rows: 7/)
  const missing = await ask(['collectors', 'config', 'receiver/other'])
  assert.is(missing.exit, 'failure')
  assert.match(missing.err, /^tapio collectors config: 127\.0\.0\.1:\d+: .*receiver\/other/)
})

test('topology as a tree, with what is left out said', async () => {
  assert.equal(await ask(['topology']), { exit: 'ok', out: 'Pod shop/cart-0\n└─ runs_on → Node node-7\n', err: 'tapio topology: since 03:00 only\ntapio topology: 3 more are not shown (--limit N)\n' })
  assert.is((await ask(['topology', 'node/node-7'])).out, 'Node node-7\n└─ ← runs_on Pod shop/cart-0\n')
  assert.match((await ask(['topology', 'a//b'])).err, /kind\/namespace\/name/)
})

test('what needs a running pipeline says so where only a store is served', async () => {
  for (const args of [['top', '--once'], ['topology']]) {
    const { exit, err } = await ask(args, {}, storeOnly)
    assert.is(exit, 'failure')
    assert.match(err, /^tapio top/)
  }
})

test('top: a line of JSON an interval in a pipe, a picture once', async () => {
  const piped = await ask(['top', '-i', '250ms'], { until: out => out.split('\n').length > 2 })
  assert.equal([piped.exit, piped.err], ['ok', ''])
  assert.ok(piped.out.trimEnd().split('\n').every(line => (JSON.parse(line) as { edges: unknown[] }).edges.length === 3))
  const once = await ask(['top', '--once', '-i', '250ms'])
  assert.is(once.exit, 'ok')
  assert.match(once.out, /^tapio top 127\.0\.0\.1:\d+ {2}mode standard {2}.*over 0\.\d s\n(.*\n)*main +receiver\/test_source -> pipeline\/main +0 /)
  assert.not.match(once.out, '\u001b')
  assert.is((JSON.parse((await ask(['top', '--once', '-o', 'json', '-i', '250ms'])).out) as { mode: string }).mode, 'standard')
})

test('top on a terminal: sorts, resizes, pauses, quits, and gives the screen back', async () => {
  let step = 0
  const terminal = new FakeTerminal((picture, t) => {
    if (step === 0 && picture.includes('EVENTS/S')) { step = 1; t.press('s') }
    else if (step === 1 && picture.includes('by rate')) { step = 2; t.resize(60, 8) }
    else if (step === 2 && picture.split('\r\n').length <= 8) { step = 3; t.press('p') }
    else if (step === 3 && picture.includes('paused')) { step = 4; t.press('q') }
  })
  const answer = await ask(['top', '-i', '250ms'], { terminal, columns: 100 })
  assert.equal([answer, step, terminal.isListening], [{ exit: 'ok', out: '', err: '' }, 4, false])
  assert.match(terminal.pictures[0] as string, /asking 127\.0\.0\.1/)
  assert.ok(terminal.written.startsWith('\u001b[?1049h\u001b[?25l'))
  assert.ok(terminal.written.endsWith('\u001b[?25h\u001b[?1049l'))
})

test('top on a terminal ends on Ctrl-C, whoever is told of it, and after an error the screen is given back too', async () => {
  const terminal = new FakeTerminal((picture, t) => { if (picture.includes('EVENTS/S')) t.press('\u0003') })
  assert.is((await ask(['top'], { terminal, columns: 100 })).exit, 'ok')
  const failing = new FakeTerminal(() => undefined)
  const answer = await ask(['top'], { terminal: failing, columns: 100 }, storeOnly)
  assert.is(answer.exit, 'failure')
  assert.match(answer.err, /no pipelines run here/)
  assert.ok(failing.written.endsWith('\u001b[?25h\u001b[?1049l'))
})

function tapped (count: number, passed: number, notShown: number): void {
  const builder = new BatchBuilder()
  for (const event of events.slice(0, count)) builder.append(event)
  host.tapped = [{ rows: [{ from: 'receiver/test_source', to: 'pipeline/main', pipeline: 'main', batch: builder.finish() }], passed, notShown }]
}

test('tap: a sample, and what passed and was not shown', async () => {
  tapped(2, 1000, 7)
  const { exit, out, err } = await ask(['tap', 'receiver/* -> *', '--severity', 'error', '--pod', 'shop/cart-0', '--rate', '3'], { until: text => text.split('\n').length > 2 })
  assert.equal([exit, out], ['ok', `\
receiver/test_source -> pipeline/main  2026-01-31 03:00:00.000  CRITICAL  [KERNEL]  ebpf        Node node-7           oom_kill: killed nginx (pid 4711), 2.0 GiB resident
receiver/test_source -> pipeline/main  2026-01-31 03:00:01.200  ERROR     [K8S]     kubernetes  Pod shop/nginx-7d8f9  OOMKilled: container nginx ended with exit code 137
`])
  assert.is(err, 'tapio tap: 1,000 passed, 2 shown, 7 fitted and are not shown\n')
  const { edge, maxEventsPerSecond, filter } = host.tapSelections.at(-1) ?? {}
  assert.equal([edge, maxEventsPerSecond, filter?.minSeverity, filter?.entity?.name], ['receiver/* -> *', 3, 17, 'cart-0'])
})

test('tap ends after --limit, counts the rest, and shows how it goes on a terminal', async () => {
  tapped(5, 10, 0)
  const answer = await ask(['tap', '--limit', '3', '-o', 'json'])
  assert.equal(answer.out.trimEnd().split('\n').map(line => (JSON.parse(line) as { from: string, event: { name?: string } }).event.name), ['oom_kill', 'OOMKilled', 'Failed'])
  assert.is(answer.err, 'tapio tap: 10 passed, 3 shown, 2 fitted and are not shown\n')
  tapped(1, 5, 0)
  const { err } = await ask(['tap'], { isErrTerminal: true, columns: 60, until: (_out, text) => text.includes('passed') })
  assert.is(err, '\r\u001b[Ktapio tap: 5 passed, 1 shown, 0 fitted and are not shown\r\u001b[Ktapio tap: 5 passed, 1 shown, 0 fitted and are not shown\n')
})

test('incidents, correlate, explain: the same from a server', async () => {
  for (const args of [['incidents'], ['incidents', '-o', 'json', '--severity', 'medium'], ['incidents', '--since', '2026-01-31T04:30:00Z', '-o', 'yaml'], ['correlate', '--node', 'node-7'], ['correlate', '--trace-id', '0af7', '-o', 'json'], ['correlate', '--pod', 'mysql-5432', '-o', 'markdown'], ['explain', '5b1f', '--full']]) {
    const [there, here] = [await ask(args), await run([...args, '--store', directory])]
    // The keys of a document come in an order of their own.
    const said = ({ out }: Answer): unknown => args.includes('json') || args.includes('yaml') ? parse(out) as unknown : out
    assert.equal(said(there), said(here), args.join(' '))
    assert.equal([there.exit, there.err], [here.exit, here.err])
    assert.ok(there.out.length > 100)
  }
  assert.match((await ask(['explain', 'ffff'])).err, /^tapio explain: 127\.0\.0\.1:\d+ has no incident ffff/)
  assert.match((await run(['incidents'], { env: { TAPIO_SERVER: '127.0.0.1:1' } })).err, /^tapio incidents: cannot reach 127\.0\.0\.1:1/)
})

test('incidents --watch: what is open, then each change; a line each', async () => {
  const changed = { ...imageIncident, version: imageIncident.version + 1, status: 'open' as const, title: 'images are back' }
  let isPut = false
  const answer = await ask(['incidents', '--watch', '-o', 'json'], {
    until: out => {
      if (!isPut && out.includes('existing')) { isPut = true; void store.putIncident(changed) }
      return out.includes('images are back')
    }
  })
  const lines = answer.out.trimEnd().split('\n').map(line => JSON.parse(line) as { kind: string, incident: { id: string } })
  assert.is(answer.exit, 'ok')
  assert.equal(lines.find(l => l.incident.id === memoryIncident.id), { kind: 'existing', incident: JSON.parse(JSON.stringify(memoryIncident)) as never })
  assert.is(lines.at(-1)?.incident.id, imageIncident.id)
  const text = await run(['incidents', '--watch', '--store', directory, '--severity', 'critical'], { until: out => out !== '' })
  assert.is(text.out, 'existing  5b1f0c8e2a9d4477  2026-01-31 03:00  critical  Memory exhaustion on node-7 affecting multiple pods (8 affected, 129 events)\n')
  assert.is((await run(['incidents', '--watch', '-o', 'yaml'])).exit, 'usage')
})

test.run()
