/**
 * Scenario: events in a real store, asked for in its directory and through a real gRPC server over it; followed while some are stored and
 * while the server is away.
 * Guarantees: both ways print the same bytes; lines are one event each, safe to print and cut to a terminal; following loses and repeats
 * nothing and ends in order.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { append, eventId, events, filledStore, startMs, traceId } from './testing/filled-store.js'
import { serveApi, type ApiServer } from './testing/api-server.js'
import { run, type Answer, type RunOptions } from './testing/run.js'

const test = suite('tapio events')
const directory = await mkdtemp(join(tmpdir(), 'tapio-cli-events-'))
const store = await filledStore(directory)
const server = await serveApi(store)
test.after(async () => {
  await server.stop()
  await store.close()
  await rm(directory, { recursive: true })
})

const ofStore = (args: readonly string[], options: RunOptions = {}): Promise<Answer> => run(['events', '--store', directory, ...args], options)
const ofServer = (args: readonly string[], options: RunOptions = {}): Promise<Answer> => run(['events', '--server', server.endpoint, ...args], options)
const numbers = (out: string): number[] => out.split('\n').filter(l => l !== '').map(line => parseInt((JSON.parse(line) as { id: string }).id, 16))

const text = `\
2026-01-31 03:00:00.000  CRITICAL  [KERNEL]  ebpf        Node node-7                  oom_kill: killed nginx (pid 4711), 2.0 GiB resident
2026-01-31 03:00:01.200  ERROR     [K8S]     kubernetes  Pod shop/nginx-7d8f9         OOMKilled: container nginx ended with exit code 137
2026-01-31 03:00:04.000  WARNING   [NODE]    systemd     Unit node-7/kubelet.service  Failed: kubelet.service: Failed with result 'exit-code'.
2026-01-31 03:00:05.100  ERROR     [NET]     otlp        Service shop/cart            SELECT cart: connect ECONNREFUSED 10.0.0.7:3306
2026-01-31 03:00:06.000  INFO      [APP]     otlp                                     forged line with a name as long as a terminal is wide, and then some more of it to be cut
`

test('one line an event, the newest last, whole in a pipe', async () => {
  assert.equal(await ofStore([]), { exit: 'ok', out: text, err: '' })
  assert.equal(await ofServer([]), await ofStore([]))
})

test('cut to a terminal, and not with --wide', async () => {
  const { out } = await ofStore([], { columns: 80 })
  assert.is(out, `\
01-31 03:00:00  CRITICAL  [KERNEL]  Node node-7           oom_kill: killed ngin…
01-31 03:00:01  ERROR     [K8S]     Pod shop/nginx-7d8f9  OOMKilled: container…
01-31 03:00:04  WARNING   [NODE]    …e-7/kubelet.service  Failed: kubelet.servi…
01-31 03:00:05  ERROR     [NET]     Service shop/cart     SELECT cart: connect…
01-31 03:00:06  INFO      [APP]                           forged line with a na…
`)
  assert.is((await ofStore(['--wide'], { columns: 80 })).out, text)
})

test('coloured by severity where colours are wanted', async () => {
  const { out } = await ofStore(['--limit', '5'], { color: true })
  assert.match(out, '\u001b[31mCRITICAL\u001b[39m')
  assert.match(out, '\u001b[33mWARNING ')
  assert.not.match((await ofStore(['--no-color'], { color: true })).out, '\u001b')
})

const questions: readonly (readonly [what: string, args: readonly string[], ids: readonly number[]])[] = [
  ['a severity or worse', ['--severity', 'error'], [1, 2, 4]],
  ['a time', ['--since', new Date(startMs + 1200).toISOString(), '--until', new Date(startMs + 5100).toISOString()], [2, 3]],
  ['a trace', ['--trace-id', traceId.toUpperCase()], [4]],
  ['a pod, also one that only sent it', ['--pod', 'shop/cart-0'], [4]],
  ['a service', ['--service', 'cart'], [4]],
  ['a node', ['--node', 'node-7'], [1]],
  ['an entity of any kind', ['--entity', 'unit/node-7/kubelet.service'], [3]],
  ['an entity by its name alone', ['--entity', 'nginx-7d8f9'], [2]],
  ['sources', ['--source', 'ebpf', '--source', 'systemd'], [1, 3]],
  ['names', ['--name', 'OOMKilled'], [2]],
  ['signals', ['--signal', 'traces', 'logs'], [4, 5]],
  ['a sign', ['--symptom', 'kernel.oom_kill'], [1]],
  ['a symptom by its id', ['--symptom', 'a'.repeat(32)], [1]],
  ['text', ['--text', 'econnrefused'], [4]],
  ['a namespace', ['-n', 'shop'], [2, 4, 5]],
  ['the newest two', ['--limit', '2'], [4, 5]],
  ['all', ['--all'], [1, 2, 3, 4, 5]],
  ['two things at once', ['--severity', 'error', '--source', 'otlp'], [4]]
]
for (const [what, args, ids] of questions) {
  test(`finds by ${what}, in a store as from a server`, async () => {
    const answer = await ofStore([...args, '-o', 'json'])
    assert.equal([answer.exit, numbers(answer.out)], ['ok', ids])
    assert.equal(await ofServer([...args, '-o', 'json']), answer)
  })
}

test('says that older ones fit too', async () => {
  assert.match((await ofStore(['--limit', '2'])).err, 'the newest 2 are shown; older ones fit too (--limit N, or --all)')
})

test('nothing found is no failure, and is what the form has for it', async () => {
  assert.equal(await ofStore(['--text', 'nowhere']), { exit: 'ok', out: 'No events.\n', err: '' })
  assert.equal(await ofServer(['--text', 'nowhere', '-o', 'json', '--all']), { exit: 'ok', out: '', err: '' })
  assert.is((await ofStore(['--text', 'nowhere', '-o', 'yaml'])).out, '[]\n')
})

test('one event with all it came with; yaml is a list that grows', async () => {
  const json = JSON.parse((await ofServer([eventId(5), '-o', 'json'])).out) as { message: string, attributes: object, resource: object }
  assert.equal([json.attributes, json.resource], [{ 'http.route': '/cart', tries: 3 }, { 'service.name': 'web', 'k8s.pod.name': 'web-0', 'k8s.namespace.name': 'shop' }])
  assert.match(json.message, '\u001b[2J')
  const { out } = await ofStore([eventId(5)])
  assert.not.match(out, '\u001b')
  assert.equal(parse(out), json)
  assert.equal((parse((await ofStore(['-o', 'yaml'])).out) as { id: string }[]).map(e => e.id), events.map(e => e.id))
  const missing = await ofStore([eventId(77)])
  assert.equal([missing.exit, missing.out], ['failure', ''])
  assert.match(missing.err, /has no event 0{30}4d/)
})

test('following shows what is stored from now on, once each, over a server that goes away and comes back', async () => {
  const own = await mkdtemp(join(tmpdir(), 'tapio-cli-follow-'))
  const kept = await filledStore(own)
  let served: ApiServer = await serveApi(kept)
  const { port, endpoint } = served
  const one = (n: number): Promise<void> => append(kept, [{ id: eventId(n), timeUnixNano: BigInt(startMs + n) * 1_000_000n, source: 'otlp', name: `event ${n}`, severity: 9 }])
  let [step, work] = [0, Promise.resolve()]
  try {
    const answer = await run(['events', '--follow', '--since', '2026-01-01T00:00:00Z', '--server', endpoint, '-o', 'json'], {
      until: (out, err) => {
        const seen = numbers(out)
        if (step === 0 && seen.length === 5) { step = 1; work = one(6) }
        else if (step === 1 && seen.includes(6)) { step = 2; work = work.then(() => served.stop()) }
        else if (step === 2 && err.includes('trying again')) { step = 3; work = work.then(() => one(7)).then(async () => { served = await serveApi(kept, { port }) }) }
        return seen.includes(7)
      }
    })
    await work
    assert.equal([answer.exit, numbers(answer.out)], ['ok', [1, 2, 3, 4, 5, 6, 7]])
    assert.match(answer.err, /^tapio events: 127\.0\.0\.1:\d+ cannot answer now: .*; trying again in 0\.\d s\n/)
    assert.match(answer.err, /\ntapio events: connected again\n$/)
  } finally {
    await served.stop()
    await kept.close()
    await rm(own, { recursive: true })
  }
})

test('following a store sees what another process would write', async () => {
  const answer = await ofStore(['--follow', '--since', '2026-01-01T00:00:00Z', '--severity', 'critical'], { until: out => out.includes('oom_kill') })
  assert.equal([answer.exit, answer.err], ['ok', ''])
  assert.match(answer.out, /^2026-01-31 03:00:00\.000 {2}CRITICAL/)
})

const wrong: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['half a trace id', ['--trace-id', '0af765'], /all 32 hex digits/],
  ['two things it is about', ['--pod', 'a/b', '--node', 'c'], /cannot be used with/],
  ['a server and a store', ['--server', 'a:1', '--store', '/s'], /cannot be used with/],
  ['a store with a certificate', ['--store', '/s', '--ca-file', 'x'], /cannot be used with/],
  ['a severity that is none', ['--severity', 'bad'], /Allowed choices/],
  ['an id that is none', ['5b1f'], /32 hex digits/],
  ['following backwards', ['--follow', '--until', '1h'], /cannot be used with/],
  ['a server that is none', ['--server', 'tapio'], /--server "tapio" is not host:port/],
  ['half a certificate', ['--server', 'tapio:9090', '--cert-file', 'x'], /no use without --key-file/]
]
for (const [what, args, message] of wrong) {
  test(`${what} is a wrong command line`, async () => {
    const { exit, out, err } = await run(['events', ...args])
    assert.equal([exit, out], ['usage', ''])
    assert.match(err, message)
  })
}

test('the environment says where and who; flags win', async () => {
  const guarded = await serveApi(store, { token: 's3cr3t' })
  try {
    const args = ['events', '--limit', '1', '-o', 'json']
    const refused = await run(args, { env: { TAPIO_SERVER: guarded.endpoint } })
    assert.is(refused.exit, 'failure')
    assert.match(refused.err, /does not know who asks: a token is needed \(give a token with --token-file or TAPIO_TOKEN/)
    assert.equal(numbers((await run(args, { env: { TAPIO_SERVER: guarded.endpoint, TAPIO_TOKEN: 's3cr3t' } })).out), [5])
    const tokenFile = join(directory, 'token')
    await writeFile(tokenFile, 's3cr3t\n')
    assert.equal(numbers((await run([...args, '--token-file', tokenFile, '--server', guarded.endpoint], { env: { TAPIO_SERVER: '127.0.0.1:1', TAPIO_TOKEN: 'old' } })).out), [5])
    assert.equal(numbers((await run([...args, '--store', directory], { env: { TAPIO_SERVER: '127.0.0.1:1' } })).out), [5])
  } finally {
    await guarded.stop()
  }
})

test('without a store or a server it says what to do', async () => {
  assert.match((await run(['events', '--store', '/nowhere/at/all'])).err, /^tapio events: there is no store at \/nowhere\/at\/all.*--store.*--server/)
  assert.match((await run(['events'], { env: { TAPIO_SERVER: '127.0.0.1:1' } })).err, /^tapio events: cannot reach 127\.0\.0\.1:1: nothing listens there/)
})

test.run()
