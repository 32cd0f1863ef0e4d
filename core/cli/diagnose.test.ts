/** Scenario: dumps through the real snapshot receiver and runtime, with stand-ins for the thinking (testing/thinking.ts). */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Incident } from '../incidents/incident.js'
import { imageIncident, longIncident, memoryIncident, unknownIncident } from '../incidents/testing/incidents.js'
import { addDiagnoseCommand } from './diagnose.js'
import type { ExitName } from './exit-codes.js'
import { registryUrl } from './registry.js'
import { script } from './testing/thinking.js'

const test = suite('tapio diagnose')
const folder = mkdtempSync(join(tmpdir(), 'tapio-diagnose-'))
test.after(() => { rmSync(folder, { recursive: true, force: true }) })

const thinking = new URL('./testing/thinking.js', import.meta.url).href

function dump (name: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'cart-0', namespace: 'shop', uid: 'u-1', creationTimestamp: '2026-01-31T02:00:00Z' }, spec: {}, status: { phase: 'Running' } }
const pods = dump('pods', { 'pods.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod] }) })

interface Answer { readonly exit: ExitName, readonly out: string, readonly err: string }

async function run (args: readonly string[], modules: readonly string[] = [registryUrl, thinking]): Promise<Answer> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const io = { out: (text: string) => { out += text }, err: (text: string) => { err += text }, color: false, env: {}, modules }
  const program = new Command('tapio').exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err })
  addDiagnoseCommand(program, io, answer => { exit = answer })
  try {
    await program.parseAsync(['diagnose', ...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { exit, out, err }
}

function says (last: readonly Incident[], first: readonly Incident[] = [], throws = false): void { Object.assign(script, { last: [...last], first, throws }) }

const ids = (out: string): string[] => (JSON.parse(out) as Incident[]).map(i => i.id)

test('it tells the stories, the worst first, and sums up on stderr', async () => {
  says([unknownIncident, imageIncident, memoryIncident])
  const { exit, out, err } = await run([pods])
  assert.is(exit, 'ok')
  assert.equal(out.match(/^Incident: \w+/gm), [memoryIncident.id, unknownIncident.id, imageIncident.id].map(id => `Incident: ${id}`))
  assert.match(err, /^tapio diagnose: 3 incidents, from \d+ events? of .*pods in .* s\n$/)
})

test('of an incident that changed, the newest version counts; spans are no events', async () => {
  says([{ ...memoryIncident, title: 'newest', version: 7 }], [memoryIncident, { ...memoryIncident, version: 3 }])
  const { out } = await run([pods, '-o', 'json'])
  assert.equal((JSON.parse(out) as Incident[]).map(i => [i.id, i.title]), [[memoryIncident.id, 'newest']])
})

test('--top limits it; people are told of the rest', async () => {
  const all = [...Array.from({ length: 4 }, (_, i) => ({ ...longIncident(2), id: `aaaaaaaaaaaaaaa${i}` })), imageIncident]
  says(all)
  const three = await run([pods])
  assert.is(three.out.match(/CORRELATION SUMMARY/g)?.length, 3)
  assert.match(three.err, 'the worst 3 of 5 incidents (--top 5 shows all)')
  says(all)
  assert.is(ids((await run([pods, '-o', 'json'])).out).length, 5)
  says(all)
  assert.equal(ids((await run([pods, '-o', 'json', '--top', '1'])).out), ['aaaaaaaaaaaaaaa0'])
})

test('no incident is said plainly, and is no failure', async () => {
  says([])
  const { exit, out } = await run([pods])
  assert.is(exit, 'ok')
  assert.match(out, /^No incident found: nothing in \d+ events? of .* looks like trouble\.\n$/)
  assert.is((await run([pods, '-o', 'json'])).out, '[]\n')
})

/** A Deployment whose pods ask for a node that is not there, and one that is well. */
function wrongSelector (): string {
  const at = '2026-01-31T02:00:00Z'
  const meta = (name: string, more: object = {}): object => ({ name, namespace: 'shop', uid: `u-${name}`, creationTimestamp: at, ...more })
  const template = (app: string, spec: object): object => ({ metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: `registry.example/${app}:1` }], ...spec } })
  const deployment = (app: string, available: number, spec: object): object => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta(app), spec: { replicas: 1, selector: { matchLabels: { app } }, template: template(app, spec) }, status: { replicas: 1, availableReplicas: available, readyReplicas: available, unavailableReplicas: 1 - available } })
  const owned = (kind: string, name: string): object => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `u-${name}`, controller: true }] })
  const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta('cart-5d', { labels: { app: 'cart', 'pod-template-hash': '5d' }, ...owned('Deployment', 'cart') }), spec: { replicas: 1, selector: { matchLabels: { app: 'cart' } }, template: template('cart', { nodeSelector: { disk: 'nvme' } }) }, status: { replicas: 1 } }
  const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
  const pending = {
    apiVersion: 'v1', kind: 'Pod', metadata: meta('cart-5d-x', { labels: { app: 'cart', 'pod-template-hash': '5d' }, ...owned('ReplicaSet', 'cart-5d') }), spec: { nodeSelector: { disk: 'nvme' }, containers: [{ name: 'main', image: 'registry.example/cart:1' }] },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: at }] }
  }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u-n1', creationTimestamp: at, labels: { 'kubernetes.io/os': 'linux' } }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at }], allocatable: { cpu: '4', memory: '8Gi', pods: '110' } } }
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'cart-5d-x.1', namespace: 'shop', uid: 'u-e1' }, involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-5d-x', uid: 'u-cart-5d-x' }, reason: 'FailedScheduling', message, type: 'Warning', count: 3, firstTimestamp: '2026-01-31T02:00:01Z', lastTimestamp: '2026-01-31T02:05:00Z', source: { component: 'default-scheduler' } }
  return dump('selector', { 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [deployment('cart', 0, { nodeSelector: { disk: 'nvme' } }), deployment('web', 1, {}), replicaSet, pending, node, event] }), 'collected-at': '2026-01-31T02:06:00Z' })
}

test('with the thinking of this build it names what is wrong, and the same dump gives the same bytes', async () => {
  const path = wrongSelector()
  const [first, second] = [await run([path, '-o', 'json'], [registryUrl]), await run([path, '-o', 'json'], [registryUrl])]
  assert.is(first.exit, 'ok', first.err)
  const [worst] = JSON.parse(first.out) as Incident[]
  assert.match(JSON.stringify(worst?.hypotheses[0]?.subject), /"Deployment".*"cart"/)
  assert.is(second.out, first.out)
})

const noDumps: readonly (readonly [what: string, make: () => string, message: RegExp])[] = [
  ['an empty directory', () => dump('empty', {}), /nothing in .* is part of a dump/],
  ['a directory of other things', () => dump('other', { 'a.bin': '\u0000\u0001', 'README.md': '# hello' }), /nothing in .* is part of a dump/],
  ['a damaged file', () => dump('damaged', { 'pods.json': '{"kind": "Li' }), /nothing in .* is part of a dump/],
  ['a directory that is not there', () => join(folder, 'missing'), /there is no .*missing/],
  ['a device', () => '/dev/null', /neither a directory nor a file/]
]
for (const [what, make, message] of noDumps) {
  test(`${what} is no dump`, async () => {
    const { exit, out, err } = await run([make()])
    assert.equal([exit, out], ['failure', ''])
    assert.match(err, message)
  })
}

if (process.getuid?.() !== 0) {
  test('a directory that may not be read', async () => {
    const path = dump('secret', { 'pods.json': '{}' })
    chmodSync(path, 0o000)
    const { exit, err } = await run([path])
    chmodSync(path, 0o700)
    assert.is(exit, 'failure')
    assert.match(err, /permission denied/)
  })
}

test('--verbose names what was skipped', async () => {
  says([])
  const { err } = await run([dump('mixed', { 'pods.json': JSON.stringify(pod), 'photo.png': 'x' }), '--verbose'])
  assert.match(err, /skipped files of the snapshot: .*photo\.png/)
})

test('a part that fails is named once, and nothing is claimed', async () => {
  says([], [], true)
  const { exit, out, err } = await run([pods])
  assert.equal([exit, out], ['failure', ''])
  assert.match(err, /a component threw.*edge=processor\/impact -> processor\/incident.*told to throw\n/)
  assert.match(err, /(\d+) of \1 events? were not looked at, because a part of Tapio failed/)
  assert.is(err.match(/a component threw/g)?.length, 1)
})

test('a build without the parts says which', async () => {
  const { exit, err } = await run([pods], [registryUrl.replace('registry.js', 'testing/no-components.js')])
  assert.is(exit, 'failure')
  assert.match(err, /this build lacks a part of it:[^]*there is no receiver `snapshot`/)
})

const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [[[], /missing required argument/], [['x', '--top', '-1'], /above 0/], [['x', '--collected-at', 'now'], /give a time as/]]
for (const [args, message] of wrong) {
  test(`a wrong command line: ${args.join(' ')}`, async () => {
    const { exit, err } = await run(args)
    assert.is(exit, 'usage')
    assert.match(err, message)
  })
}

test.run()
