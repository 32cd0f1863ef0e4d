import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TLSSocket } from 'node:tls'
import { TestAuthority } from '../net/testing/certificates.js'
import { makePod } from '../testing/api-server/pods.js'
import { ApiServerStandIn } from '../testing/api-server/server.js'
import { FakeClock } from '../testing/fake-clock.js'
import { silentLogger } from '../testing/services.js'
import type { Access } from './access.js'
import { ApiClient } from './api-client.js'
import { inCluster } from './in-cluster.js'
import { contextAccess, kubeconfigFiles, readKubeconfig } from './kubeconfig.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-kubeconfig-'))
test.after(() => { rmSync(folder, { recursive: true, force: true }) })

interface Parts { readonly cluster?: object, readonly user?: object, readonly name?: string }

function write (file: string, { cluster = {}, user = {}, name = 'one' }: Parts): string {
  const path = join(folder, file)
  writeFileSync(path, JSON.stringify({
    'current-context': name, contexts: [{ name, context: { cluster: `${name}-c`, user: `${name}-u` } }],
    clusters: [{ name: `${name}-c`, cluster: { server: 'https://h:6443', ...cluster } }], users: [{ name: `${name}-u`, user }]
  }))
  return path
}

const clock = new FakeClock()
const access = async (file: string, context = ''): Promise<Access> => contextAccess(readKubeconfig([file], silentLogger), context, clock, silentLogger)

async function fault (work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no fault'
  } catch (error) { return (error as Error).message.replaceAll(folder, '<dir>') }
}

/** A credential program: says what is in the file `answer`, and counts its runs. */
function program (answer: object): { exec: object, runs: () => number, answer: (next: object) => void } {
  const [said, log] = [join(folder, 'answer.json'), join(folder, 'runs')]
  const answerWith = (next: object): void => { writeFileSync(said, JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: next })) }
  answerWith(answer)
  writeFileSync(log, '')
  writeFileSync(join(folder, 'login.cjs'), 'const fs = require("fs"); fs.appendFileSync(process.argv[3], "x"); if (process.env.WHO !== "tapio" || !process.env.KUBERNETES_EXEC_INFO.includes("ExecCredential")) process.exit(3); process.stdout.write(fs.readFileSync(process.argv[2]))')
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: [join(folder, 'login.cjs'), said, log], env: [{ name: 'WHO', value: 'tapio' }] }, runs: () => readFileSync(log).length, answer: answerWith }
}

test('tokens, token files and names become an Authorization header', async () => {
  writeFileSync(join(folder, 'token'), 'from-file\n')
  const cases: [object, string | undefined][] = [
    [{ token: 't0' }, 'Bearer t0'],
    [{ tokenFile: 'token' }, 'Bearer from-file'],
    [{ token: 't0', tokenFile: join(folder, 'token') }, 'Bearer from-file'],
    [{ username: 'ana', password: 'pw' }, `Basic ${Buffer.from('ana:pw').toString('base64')}`],
    [{}, undefined]
  ]
  for (const [user, expected] of cases) assert.is((await (await access(write('a', { user }))).credentials()).authorization, expected)
})

test('files of $KUBECONFIG are merged, the first wins, and a context can be named', async () => {
  const [a, b] = [write('a', { user: { token: 'a' } }), write('b', { user: { token: 'b' }, name: 'two' })]
  const double = write('c', { user: { token: 'shadowed' } })
  const files = kubeconfigFiles('', { KUBECONFIG: [a, join(folder, 'missing'), b, double].join(delimiter) })
  assert.equal(files, [a, b, double])
  const config = readKubeconfig(files, silentLogger)
  assert.is((await contextAccess(config, '', clock, silentLogger).credentials()).authorization, 'Bearer a')
  assert.is((await contextAccess(config, 'two', clock, silentLogger).credentials()).authorization, 'Bearer b')
  assert.match(kubeconfigFiles('', {})[0] ?? '', /\.kube\/config$/)
  assert.equal(kubeconfigFiles('/x/y', { KUBECONFIG: a }), ['/x/y'])
})

test('what cannot work is said with its place', async () => {
  const bad = join(folder, 'bad')
  writeFileSync(bad, '- a list')
  const cases: [() => Promise<unknown>, string][] = [
    [() => access(write('a', {}), 'three'), '<dir>/a: there is no context "three"; found "one"'],
    [() => access(join(folder, 'missing')), 'kubeconfig <dir>/missing cannot be read: ENOENT: no such file or directory, open \'<dir>/missing\''],
    [() => access(bad), '<dir>/bad: expected a kubeconfig (a map), found something else'],
    [() => access(write('a', { cluster: { server: 'h:6443' } })), '<dir>/a: cluster "one-c", server: expected an http:// or https:// address, found "h:6443"'],
    [() => access(write('a', { user: { 'auth-provider': { name: 'gcp' } } })), '<dir>/a: user "one-u": `auth-provider` is not supported (kubectl dropped most of them in 1.26); use an `exec` credential plugin'],
    [() => access(write('a', { cluster: { 'proxy-url': 'http://p' } })), '<dir>/a: cluster "one-c": `proxy-url` is not supported; use an address that can be reached directly'],
    [() => access(write('a', { user: { exec: {} } })), '<dir>/a: user "one-u": `exec` has no `command`'],
    [() => access(write('a', { cluster: { 'certificate-authority': 'no.crt' } })).then(a => a.credentials()), '<dir>/a: cluster "one-c": `certificate-authority` cannot be read: ENOENT: no such file or directory, open \'<dir>/no.crt\''],
    [() => access(write('a', { user: { exec: { command: 'no-such-program-here', installHint: 'Install it.' } } })).then(a => a.credentials()), 'credential program "no-such-program-here" failed: spawn no-such-program-here ENOENT\nInstall it.'],
    [() => access(write('a', { user: { exec: program({}).exec } })).then(a => a.credentials()), `credential program "${process.execPath}" gave neither a token nor a client certificate`]
  ]
  for (const [work, expected] of cases) assert.is(await fault(work()), expected)
})

test('a credential program runs when its credential is about to expire or was refused, and once for all who ask', async () => {
  const { exec, runs, answer } = program({ token: 't1', expirationTimestamp: new Date(clock.unixMs() + 60_000).toISOString() })
  const user = await access(write('a', { user: { exec } }))
  const ask = async (): Promise<string | undefined> => (await user.credentials()).authorization
  assert.equal(await Promise.all([ask(), ask(), ask()]), ['Bearer t1', 'Bearer t1', 'Bearer t1'])
  assert.is(runs(), 1)
  answer({ token: 't2' })
  await clock.advance(49_000)
  assert.is(await ask(), 'Bearer t1')
  await clock.advance(2000)
  assert.is(await ask(), 'Bearer t2')
  await clock.advance(86_400_000)
  assert.is(await ask(), 'Bearer t2')
  assert.is(runs(), 2, 'a credential without expiry is good until it is refused')
  answer({ token: 't3' })
  user.refused()
  assert.is(await ask(), 'Bearer t3')
})

test('over TLS: the cluster\'s CA is asked for, and a client certificate, inline or from a program, is shown', async () => {
  const authority = await TestAuthority.create(folder)
  const [server, client] = [await authority.issue('server'), await authority.issue('tapio-client')]
  const text = (path: string): string => readFileSync(path, 'utf8')
  const standIn = new ApiServerStandIn({ key: text(server.keyFile), cert: text(server.certFile), ca: text(authority.caFile), requestCert: true, rejectUnauthorized: true })
  const address = await standIn.start()
  const shown: (string | undefined)[] = []
  standIn.onConnection(socket => { shown.push((socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined) })
  standIn.store.put('/pods', makePod('a'))
  const base64 = (path: string): string => Buffer.from(text(path)).toString('base64')
  const { exec } = program({ clientCertificateData: text(client.certFile), clientKeyData: text(client.keyFile) })
  const cluster = { server: address, 'certificate-authority-data': base64(authority.caFile) }
  const good = [
    { cluster, user: { 'client-certificate-data': base64(client.certFile), 'client-key-data': base64(client.keyFile) } },
    { cluster: { server: address, 'certificate-authority': authority.caFile }, user: { 'client-certificate': client.certFile, 'client-key': client.keyFile } },
    { cluster, user: { exec } }
  ]
  try {
    for (const parts of good) assert.is((await get(await access(write('a', parts)))).items.length, 1)
    assert.equal(shown, ['tapio-client', 'tapio-client', 'tapio-client'])
    assert.match(await fault(access(write('a', { cluster: { server: address }, user: good[0]?.user ?? {} })).then(get)), /certificate/)
    assert.match(await fault(access(write('a', { cluster })).then(get)), /certificate required|ECONNRESET|EPIPE|socket hang up/)
    assert.is((await get(await access(write('a', { cluster: { server: address, 'insecure-skip-tls-verify': true }, user: good[0]?.user ?? {} })))).items.length, 1)
  } finally {
    await standIn.stop()
  }
})

test('in a pod: a renewed token is used within a minute, or at once when the old one is refused', async () => {
  const directory = join(folder, 'serviceaccount')
  mkdirSync(directory)
  const renew = (token: string): void => { writeFileSync(join(directory, 'token'), token) }
  renew('t1')
  writeFileSync(join(directory, 'ca.crt'), 'a CA')
  const pod = inCluster(clock, silentLogger, { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, directory)
  assert.is(pod.server.href, 'https://[fd00::1]/')
  const first = await pod.credentials()
  assert.equal(first, { authorization: 'Bearer t1', tls: { ca: 'a CA' } })
  renew('t2')
  assert.is((await pod.credentials()).authorization, 'Bearer t1')
  await clock.advance(60_000)
  const second = await pod.credentials()
  assert.is(second.authorization, 'Bearer t2')
  assert.is(second.tls, first.tls, 'connections are kept while the CA is the same')
  renew('t3')
  pod.refused()
  assert.is((await pod.credentials()).authorization, 'Bearer t3')
  rmSync(join(directory, 'token'))
  pod.refused()
  assert.is((await pod.credentials()).authorization, 'Bearer t3', 'a token being replaced')
  assert.match(await fault(Promise.resolve().then(() => inCluster(clock, silentLogger, {}, directory))), 'KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod')
})

test('401 makes the client ask for other credentials', async () => {
  const standIn = new ApiServerStandIn()
  const address = await standIn.start()
  standIn.faults.authorization = 'Bearer new'
  writeFileSync(join(folder, 'token'), 'old')
  const user = await access(write('a', { cluster: { server: address }, user: { tokenFile: 'token' } }))
  try {
    await user.credentials()
    writeFileSync(join(folder, 'token'), 'new')
    assert.is(await fault(get(user)), 'Unauthorized')
    assert.is((await get(user)).items.length, 0)
  } finally {
    await standIn.stop()
  }
})

async function get (from: Access): Promise<{ items: unknown[] }> {
  const client = new ApiClient(from)
  try {
    return await client.get('/api/v1/pods?limit=5', new AbortController().signal) as { items: unknown[] }
  } finally {
    client.close()
  }
}

test.run()
