/**
 * Guarantees: rows and objects of any shape and number throw nothing, are passed on, leave state bounded, what was cut is said, and
 * an incident beside them is told byte for byte as without them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../core/data/testing/random.js'
import type { EventInput } from '../../core/data/builder.js'
import { Severity } from '../../core/data/enums.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { at, besideRows, objectRow, seconds, startMs, warning, type TimedRow } from './bad/beside.js'
import { among, difference, tell, type Told } from './bad/tell.js'
import { twisted } from './bad/twist.js'

const test = suite('bad input')
const folder = mkdtempSync(join(tmpdir(), 'tapio-bad-'))
test.after(() => { rmSync(folder, { recursive: true }) })

const plain = besideRows()
const alone = await tell(plain)

/** Bad rows spread over the time of the incident. */
function spread (rows: readonly EventInput[]): TimedRow[] {
  return rows.map((row, i) => at(startMs + 1000 + Math.floor(i * (seconds - 2) * 1000 / rows.length), row))
}

async function withBad (bad: readonly TimedRow[], incident: Readonly<Record<string, unknown>> = {}): Promise<Told> {
  const rows = among(plain, bad)
  const told = await tell(rows, incident)
  assert.is(told.engine.failures, 0, told.engine.lastFailure)
  assert.is(told.rowsOut, rows.length, 'every row is passed on')
  assert.ok(told.engine.symptoms.size <= 50_000)
  return told
}

function assertBeside (told: Told): void {
  if (told.beside !== alone.beside) assert.unreachable(`told otherwise: ${difference(JSON.parse(alone.beside), JSON.parse(told.beside), '').slice(0, 5).join('; ')}`)
}

/** As kubectl would make it, in a namespace of its own. */
function bad (kind: string, name: string, more: Readonly<Record<string, unknown>> = {}): EventInput {
  const { metadata = {}, ...rest } = more as { readonly metadata?: Readonly<Record<string, unknown>> }
  return objectRow({ kind, metadata: { namespace: 'odd', name, ...metadata }, ...rest })
}

test('the plain incident is told', () => {
  const incidents = JSON.parse(alone.beside) as { readonly status: string, readonly hypotheses: readonly { readonly subject: { readonly name: string } }[] }[]
  assert.ok(incidents.length > 0)
  assert.match(incidents[0]?.hypotheses[0]?.subject.name ?? '', /^ledger/)
})

test('owners in a circle, an owner that is its own, and owners that are not there', async () => {
  const owned = (name: string, owner: string): EventInput => bad('ReplicaSet', name, { metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] } })
  const rows = [owned('a', 'b'), owned('b', 'c'), owned('c', 'a'), owned('self', 'self'), owned('orphan', 'nobody')]
  const told = await withBad([...spread(rows), ...spread(['a', 'b', 'c', 'self', 'orphan'].map(name => ({ ...warning('FailedCreate', 'odd', name, 'quota exceeded'), entityKind: 'ReplicaSet' })))])
  assertBeside(told)
  assert.ok(told.incidents.some(i => i.chain.some(s => s.entity.namespace === 'odd')), 'they are told themselves')
})

test('objects with null, lists, numbers and texts in the wrong places', async () => {
  const random = seeded(3)
  const shapes = plain.flatMap(({ row }) => row.raw === undefined ? [] : [JSON.parse(Buffer.from(row.raw.bytes).toString()) as KubeObject]).filter(o => o.kind !== 'Pod')
  const rows = Array.from({ length: 3000 }, (_, i) => twisted(shapes[i % shapes.length] as KubeObject, random, `odd-${i % 100}`)).map(object => objectRow(object))
  const hints = Array.from({ length: 100 }, (_, i) => warning('FailedMount', 'odd', `odd-${i}`, 'it cannot be mounted'))
  assertBeside(await withBad([...spread(rows), ...spread(hints)]))
})

test('pods of wrong shapes', async () => {
  const random = seeded(4)
  const pod = plain.flatMap(({ row }) => row.raw === undefined ? [] : [JSON.parse(Buffer.from(row.raw.bytes).toString()) as KubeObject]).find(o => o.kind === 'Pod') as KubeObject
  const rows = Array.from({ length: 2000 }, (_, i) => objectRow(twisted(pod, random, `odd-${i % 50}`)))
  const told = await withBad([...spread(rows), ...spread(Array.from({ length: 50 }, (_, i) => warning('BackOff', 'odd', `odd-${i}`, 'Back-off restarting failed container')))])
  assert.ok(told.beside.includes('ledger'), 'it is told: how much a node matters depends on how many pods there are, so numbers differ')
})

test('states that contradict each other', async () => {
  const contrary = { metadata: { deletionTimestamp: new Date(startMs).toISOString() }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }, { type: 'Ready', status: 'False' }], containerStatuses: [{ name: 'main', ready: true, state: { running: {}, terminated: { exitCode: 1 }, waiting: { reason: 'CrashLoopBackOff' } } }] } }
  const gone = (name: string): EventInput => ({ ...bad('Service', name), action: 'DELETED' })
  const rows = [bad('StatefulSet', 'both', { ...contrary, spec: { replicas: -3 } }), gone('never-was'), bad('Service', 'twice'), gone('twice'), gone('twice'), bad('Node', 'both', { status: contrary.status }), bad('Deployment', 'more', { spec: { replicas: 1 }, status: { readyReplicas: 9, unavailableReplicas: 9 } })]
  assertBeside(await withBad([...spread(rows), ...spread([warning('Unhealthy', 'odd', 'both', 'Readiness probe failed')])]))
})

for (const [what, times] of [
  ['1970', [1n, 1_000_000_000n]], ['2200', [BigInt(Date.UTC(2200, 0, 1)) * 1_000_000n]], ['the end of time, and what was negative', [2n ** 63n, 2n ** 64n - 1n]], ['none', [0n]]
] as const) {
  for (const isSeenThen of [false, true]) {
    test(`times: ${what}, ${isSeenThen ? 'by the collector too' : 'seen when it came'}`, async () => {
      const rows = times.flatMap(time => Array.from({ length: 20 }, (_, i): EventInput => ({ ...warning('Evicted', 'odd', `odd-${i}`, 'The node was low on resource: memory.'), timeUnixNano: time, ...(isSeenThen ? { observedTimeUnixNano: time } : {}) })))
      const told = await withBad(spread(rows))
      assertBeside(told)
      assert.ok(told.engine.nowMs < startMs + 86_400_000, 'time is where it was')
      if (what !== 'none') assert.ok(told.engine.absurdTimes > 0, 'and it is counted')
    })
  }
}

test('a first row of another century', async () => {
  const far = BigInt(Date.UTC(2200, 0, 1)) * 1_000_000n
  const told = await withBad([{ atMs: 0, row: { ...warning('Evicted', 'odd', 'odd', 'early'), timeUnixNano: far, observedTimeUnixNano: far } }])
  assertBeside(told)
})

test('a flood of one reason: 100,000 of it', async () => {
  // Within the seconds in which the other incident grows.
  const rows = Array.from({ length: 100_000 }, (_, i) => at(startMs + 21_000 + i / 25, warning('FailedScheduling', 'odd', `odd-${i % 30_000}`, `0/${i} nodes are available`)))
  const told = await withBad(rows)
  assertBeside(told)
  assert.ok(told.engine.symptoms.refusedOf('k8s.failed_scheduling') > 0, 'what is not kept is counted')
  assert.ok(new Set(told.incidents.map(i => i.id)).size <= 1000)
})

test('10,000 reasons that nobody knows', async () => {
  assertBeside(await withBad(spread(Array.from({ length: 10_000 }, (_, i) => warning(`Reason${i}`, 'odd', 'odd-0', 'something'))), { max_symptoms: 1000 }))
})

test('huge messages, and names that are no names', async () => {
  const huge = 'x'.repeat(1_000_000)
  const rows = [warning('BackOff', 'odd', 'odd-0', huge), warning('BackOff', 'odd', huge.slice(0, 100_000), 'a'), warning(huge, 'odd', 'odd-1', 'a'), warning('BackOff', 'o/d/d', '../..//%00\u0000', '\ud800 \u001b[31m'), warning('BackOff', 'odd', '__proto__', 'a'), warning('BackOff', '__proto__', 'constructor', 'a')]
  const told = await withBad(spread(rows))
  assertBeside(told)
  for (const incident of told.incidents) assert.ok(JSON.stringify(incident).length < 2_000_000, incident.title.slice(0, 80))
})

test('the same ids again and again', async () => {
  const rows = Array.from({ length: 500 }, (_, i): EventInput => ({ ...warning('Unhealthy', 'odd', `odd-${i % 7}`, 'Liveness probe failed'), id: '0'.repeat(31) + '1', traceId: '1'.repeat(32), spanId: '1'.repeat(16), parentSpanId: '1'.repeat(16) }))
  assertBeside(await withBad(spread(rows)))
})

test('what calls each other in a circle, and fails', async () => {
  const span = (i: number): EventInput => ({
    signal: 'traces', type: 'span', name: 'call', spanKind: 3, statusCode: 2, severity: Severity.error, traceId: 'a'.repeat(32), spanId: (i % 3 + 1).toString(16).padStart(16, '0'), parentSpanId: ((i + 1) % 3 + 1).toString(16).padStart(16, '0'),
    resource: { 'service.name': `ring-${i % 3}`, 'k8s.namespace.name': 'odd' }, attributes: { 'server.address': `ring-${(i + 1) % 3}.odd` }
  })
  const rows = [0, 1, 2].map(i => bad('Service', `ring-${i}`, { spec: { selector: { app: `ring-${i}` } } }))
  assertBeside(await withBad([...spread(rows), ...spread(Array.from({ length: 300 }, (_, i) => span(i)))]))
})

test('a pattern that matches everything, and one that never ends', async () => {
  const file = join(folder, 'all.yaml')
  const pattern = (id: string, subject: string, when: string): string => `  - id: ${id}\n    layer: k8s\n    subject: ${subject}\n    when: [${JSON.stringify(when)}]\n    score: 0.99\n    explains: []\n    title: everything is wrong\n    why: because\n    actions: []\n`
  const endless = '[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, [0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, true)))))'
  writeFileSync(file, `version: 1\npatterns:\n${pattern('bad.everything', 'Service', 'true')}${pattern('bad.endless', 'Node', endless)}`)
  const services = Array.from({ length: 250 }, (_, i) => bad('Service', `odd-${i}`, { spec: { selector: { app: 'odd' } } }))
  const told = await withBad(spread(services), { patterns: [file] })
  assertBeside(told)
  assert.ok([...told.engine.symptoms.all()].filter(s => s.role === 'finding').length <= 2000)
})

test.run()
