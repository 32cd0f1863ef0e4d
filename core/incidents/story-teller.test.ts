import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Engine } from '../correlation/engine.js'
import { impactOf } from '../impact/impact.js'
import type { Finding } from '../patterns/finding.js'
import type { Knowledge } from './findings.js'
import type { Incident } from './incident.js'
import { StoryTeller, type StoryOptions } from './story-teller.js'
import { link, see, startMs } from './testing/scene.js'

const options: StoryOptions = {
  confidenceThreshold: 0.5, windowMs: 300_000, openWeight: 0.5, resolveAfterMs: 600_000, retentionMs: 1_800_000, maxIncidents: 100, maxSymptoms: 1000, maxSubjects: 1000, settleMs: 0, silentFindings: false
}

/** Says what it is made of about the subjects of that. */
function knows (findings: readonly Finding[]): Knowledge {
  return { version: 0, subjects: () => [], evaluate: (_, subjects) => ({ findings: findings.filter(f => subjects.some(s => s.name === f.subject.name && s.kind === f.subject.kind)), left: [] }) }
}

interface Bench { readonly engine: Engine, readonly story: StoryTeller, readonly told: Incident[], tick(atS: number, isLast?: boolean): void, last(): Incident[] }

function bench (findings: readonly Finding[] = [], more: Partial<StoryOptions> = {}): Bench {
  const engine = new Engine()
  const told: Incident[] = []
  const story = new StoryTeller(engine, knows(findings), impactOf, { ...options, ...more }, incidents => { told.push(...incidents) })
  return {
    engine, story, told,
    tick: (atS, isLast = false) => { story.tick({ nowMs: startMs + atS * 1000, isLast }) },
    last: () => [...new Map(told.map(i => [i.id, i])).values()]
  }
}

function finding (pattern: string, kind: string, name: string, explains: readonly string[], score = 0.9): Finding {
  return {
    pattern, cause: pattern.replaceAll('-', '_'), layer: 'k8s', subject: { kind, namespace: 'shop', name }, score, title: `${pattern} of ${name}`, explanation: 'because', for: [], against: [],
    explainsSigns: explains, symptoms: [], actions: [{ urgency: 'immediate', text: `mend ${name}`, command: `mend ${name}`, risk: 'low' }], sinceMs: NaN, rank: 'root'
  }
}

test('one lesser sign opens nothing; two that follow from each other do', () => {
  const { engine, tick, told, last } = bench()
  const first = see(engine, 'net.connection_refused', 'Pod/shop/web-1', { severity: 'warning' })
  tick(1)
  assert.is(told.length, 0)
  link(engine, see(engine, 'k8s.container_exited', 'Pod/shop/db-0', { severity: 'high', atS: -1 }), first)
  tick(2)
  assert.is(last().length, 1)
  assert.is(last()[0]?.hypotheses[0]?.subject.name, 'db-0')
})

test('the chain is in causal order and says who caused whom', () => {
  const { engine, tick, last } = bench()
  const oom = see(engine, 'kernel.oom_kill', 'Node//n7', { severity: 'critical', atS: 1 })
  const killed = see(engine, 'k8s.container_oom_killed', 'Pod/shop/web-1', { atS: 2, severity: 'critical' })
  const refused = see(engine, 'net.connection_refused', 'Pod/shop/front-1', { atS: 3 })
  // Its clock runs two seconds behind.
  const failing = see(engine, 'app.span_error', 'Service/shop/front', { atS: 0, count: 50 })
  link(engine, oom, killed); link(engine, killed, refused); link(engine, refused, failing)
  tick(5)
  const [incident] = last()
  assert.equal(incident?.chain.map(s => s.sign), ['kernel.oom_kill', 'k8s.container_oom_killed', 'net.connection_refused', 'app.span_error'])
  assert.equal(incident?.chain.map(s => s.causes.map(c => c.step)), [[], [0], [1], [2]])
  assert.is(incident?.hypotheses[0]?.pattern, 'symptom.kernel.oom_kill')
})

test('an effect that two faults share goes to the surer one, and the faults stay two', () => {
  const { engine, tick, last } = bench()
  const a = see(engine, 'k8s.container_oom_killed', 'Pod/shop/a-1', { severity: 'critical' })
  const b = see(engine, 'k8s.image_pull_failed', 'Pod/shop/b-1', { severity: 'critical' })
  const shared = see(engine, 'app.span_error', 'Service/shop/front', { atS: 1, count: 30 })
  link(engine, a, shared, 0.6); link(engine, b, shared, 0.8)
  tick(2)
  assert.equal(last().map(i => i.chain.map(s => s.sign)).sort(), [['k8s.container_oom_killed'], ['k8s.image_pull_failed', 'app.span_error']])
})

test('links in a circle are cut', () => {
  const { engine, tick, last } = bench()
  const a = see(engine, 'k8s.crash_loop', 'Pod/shop/a-1')
  const b = see(engine, 'k8s.pod_not_ready', 'Pod/shop/a-1', { atS: 1 })
  link(engine, a, b); link(engine, b, a)
  tick(2)
  assert.is(last().length, 1)
  assert.equal(last()[0]?.chain.map(s => s.causes.length), [0, 1])
})

test('pods of one workload in the same trouble are one incident', () => {
  const { engine, tick, last } = bench()
  engine.model.put('Deployment', { kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' } }, startMs)
  for (const hash of ['abcde', 'fghij', 'klmno']) see(engine, 'k8s.crash_loop', `Pod/shop/web-5d4f8-${hash}`)
  tick(1)
  assert.is(last().length, 1)
  assert.is(last()[0]?.chain.length, 3)
})

test('a finding explains what its subject reaches, leads the chain and brings its actions', () => {
  const { engine, tick, last } = bench([finding('wrong-image', 'Deployment', 'web', ['k8s.image_pull_failed'])])
  engine.model.put('Deployment', { kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' } }, startMs)
  engine.model.put('Pod', { kind: 'Pod', metadata: { namespace: 'shop', name: 'web-1', ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }] } } as never, startMs)
  see(engine, 'k8s.image_pull_failed', 'Pod/shop/web-1')
  tick(1)
  const [incident] = last()
  assert.is(incident?.hypotheses[0]?.cause, 'wrong_image')
  assert.equal(incident?.chain.map(s => s.sign), ['finding.wrong-image', 'k8s.image_pull_failed'])
  assert.is(incident?.chain[1]?.causes[0]?.kind, 'pattern')
  assert.is(incident?.actions[0]?.command, 'mend web')
})

test('findings without trouble are told only when asked for', () => {
  const put = (b: Bench): void => { b.engine.model.put('Service', { kind: 'Service', metadata: { namespace: 'shop', name: 'web' } }, startMs); b.tick(1) }
  const quiet = bench([finding('no-pods', 'Service', 'web', [])])
  put(quiet)
  assert.is(quiet.told.length, 0)
  const loud = bench([finding('no-pods', 'Service', 'web', [])], { silentFindings: true })
  put(loud)
  assert.is(loud.told.length, 1)
})

test('a finding must hold for a while before it counts', () => {
  const { engine, tick, told } = bench([finding('no-pods', 'Service', 'web', [])], { silentFindings: true, settleMs: 3000 })
  engine.model.put('Service', { kind: 'Service', metadata: { namespace: 'shop', name: 'web' } }, startMs)
  tick(1)
  tick(2)
  assert.is(told.length, 0)
  tick(4)
  tick(40)
  assert.is(told.length, 1)
})

test('the document changes only when its evidence does', () => {
  const { engine, tick, told } = bench()
  see(engine, 'node.not_ready', 'Node//n1', { severity: 'critical' })
  tick(1)
  see(engine, 'node.not_ready', 'Node//n1', { severity: 'critical', atS: 2 })
  tick(3)
  tick(60)
  assert.is(told.length, 1)
  see(engine, 'node.pressure_memory', 'Node//n1', { atS: 61 })
  tick(62)
  assert.equal(told.map(i => i.version), [1, 2])
  assert.is(told[0]?.id, told[1]?.id)
})

test('two incidents that turn out to be one are merged into the larger', () => {
  const { engine, tick, last } = bench()
  const a = see(engine, 'kernel.oom_kill', 'Node//n1', { severity: 'critical' })
  link(engine, a, see(engine, 'k8s.evicted', 'Pod/shop/x-1', { atS: 1, severity: 'critical' }))
  const b = see(engine, 'app.span_error', 'Service/shop/front', { atS: 2, severity: 'critical', count: 40 })
  tick(3)
  assert.is(last().length, 2)
  link(engine, a, b)
  tick(4)
  const [open, merged] = [last().find(i => i.status === 'open'), last().find(i => i.status === 'resolved')]
  assert.ok(open?.related.includes(merged?.id ?? ''))
  assert.ok(merged?.notes.some(n => n.includes(open?.id ?? '?')))
})

test('it is over when all have recovered, or when nothing comes any more', () => {
  const recovered = bench()
  see(recovered.engine, 'node.not_ready', 'Node//n1', { severity: 'critical' })
  recovered.tick(1)
  see(recovered.engine, 'node.ready', 'Node//n1', { role: 'recovery', severity: 'info', atS: 30 })
  recovered.tick(31)
  assert.is(recovered.last()[0]?.status, 'resolved')
  const quiet = bench()
  see(quiet.engine, 'node.not_ready', 'Node//n1', { severity: 'critical' })
  quiet.tick(1)
  quiet.tick(700)
  assert.is(quiet.last()[0]?.status, 'resolved')
  assert.is(quiet.last()[0]?.resolvedMs, startMs)
})

test('what goes on without anything new is not over, and is told with all its events at the end', () => {
  const { engine, tick, last, told } = bench()
  for (let s = 0; s <= 1500; s += 60) {
    see(engine, 'node.not_ready', 'Node//n1', { severity: 'critical', atS: s })
    tick(s + 1)
  }
  assert.is(last()[0]?.status, 'open')
  const before = told.length
  tick(1501, true)
  assert.is(told.length, before + 1)
  assert.is(last()[0]?.events, 26)
})

test('what comes back after it was over is open again', () => {
  const { engine, tick, last } = bench()
  see(engine, 'node.not_ready', 'Node//n1', { severity: 'critical' })
  tick(1)
  see(engine, 'node.ready', 'Node//n1', { role: 'recovery', severity: 'info', atS: 30 })
  tick(31)
  tick(61)
  assert.is(last()[0]?.status, 'resolved')
  see(engine, 'node.not_ready', 'Node//n1', { severity: 'critical', atS: 100 })
  tick(101)
  assert.equal(last().map(i => i.status), ['open'])
})

test('the same symptoms in another order give the same documents', () => {
  const tell = (order: readonly number[]): string => {
    const { engine, tick, last } = bench()
    const made = [
      () => see(engine, 'kernel.oom_kill', 'Node//n1', { severity: 'critical', atS: 1 }),
      () => see(engine, 'k8s.evicted', 'Pod/shop/x-1', { atS: 2 }),
      () => see(engine, 'k8s.evicted', 'Pod/shop/y-1', { atS: 2 }),
      () => see(engine, 'app.span_error', 'Service/shop/front', { atS: 3, count: 40 })
    ]
    const symptoms: ReturnType<typeof see>[] = []
    for (const i of order) symptoms[i] = (made[i] as (typeof made)[number])()
    const [oom, x, y, app] = symptoms as [ReturnType<typeof see>, ReturnType<typeof see>, ReturnType<typeof see>, ReturnType<typeof see>]
    link(engine, oom, x); link(engine, oom, y); link(engine, y, app)
    tick(10)
    return JSON.stringify(last())
  }
  const plain = tell([0, 1, 2, 3])
  for (const order of [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]]) assert.is(tell(order), plain)
})

test('a flood is bounded and said where it matters', () => {
  const { engine, tick, last } = bench([], { maxSymptoms: 50 })
  for (let i = 0; i < 200; i++) see(engine, 'k8s.evicted', `Pod/shop/p-${i}`, { severity: 'critical' })
  const cause = see(engine, 'node.not_ready', 'Node//n1', { severity: 'high' })
  // The least telling of all, beside 200 that are worse.
  link(engine, cause, see(engine, 'app.span_error', 'Service/pay/front', { severity: 'low' }))
  tick(1)
  const node = last().find(i => i.hypotheses[0]?.subject.kind === 'Node')
  assert.equal(node?.chain.map(s => s.sign), ['node.not_ready', 'app.span_error'])
  assert.not.ok(node?.notes.some(n => n.includes('left out')))
  const pod = last().find(i => i.hypotheses[0]?.subject.kind === 'Pod')
  assert.ok(pod?.notes.includes('152 lesser symptoms of k8s.evicted were left out of the search for causes.'), pod?.notes.join())
})

test.run()
