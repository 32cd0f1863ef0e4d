/** `tapio collect` and the collectors' old names: what is run, what is said when it cannot be. Delivery is in test/faults. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../data/builder.js'
import { encodeFrame, fileHeader, newMarker } from '../data/file-format.js'
import { openCatalog, planConfig } from '../instance.js'
import { loadPlain } from '../config/load.js'
import { startReceiver } from '../../receivers/tapio/start-for-test.js'
import { collectConfig } from './collect.js'
import { registryUrl } from './registry.js'
import { seedArguments } from './seed-programs.js'

const here = dirname(fileURLToPath(import.meta.url))
const test = suite('tapio collect')
const folder = mkdtempSync(join(tmpdir(), 'tapio-collect-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function program (name: string, args: readonly string[]): { code: number | null, out: string, err: string } {
  const done = spawnSync(process.execPath, [join(here, name), ...args], { encoding: 'utf8', timeout: 60_000, cwd: folder })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

const wrongLines: [string, string[], number, RegExp][] = [
  ['no receiver', ['collect'], 2, /missing required argument 'receivers'/],
  ['a receiver that is not there', ['collect', 'ebfp'], 2, /no receiver "ebfp"; did you mean "ebpf"\? It has: .*ebpf, file/],
  ['a server without a port', ['collect', 'ebpf', '--server', 'tapio'], 78, /`endpoint` "tapio" is not host:port/],
  ['half a client certificate', ['collect', 'ebpf', '--tls-cert', 'x.pem'], 78, /`tls.cert_file` is of no use without `tls.key_file`/],
  ['an option the receiver does not have', ['collect', 'file', '--set', 'receivers.file.pahts=[x]'], 78, /did you mean|paths/]
]
for (const [what, args, code, words] of wrongLines) {
  test(`${what}: exit code ${code} and why`, () => {
    const done = program('main.js', args)
    assert.is(done.code, code, done.err)
    assert.match(done.err, words)
  })
}

test('the configuration has one thread and no ring, so that an answer is the server\'s', async () => {
  const catalog = await openCatalog([registryUrl])
  const config = collectConfig(['ebpf', 'file'], { server: 'tapio:9090', tlsCa: 'ca.pem', tokenFile: 'token', id: 'node-1' })
  const loaded = loadPlain({ ...config, receivers: { ebpf: null, file: { paths: ['x'] } } }, catalog)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const planned = planConfig(loaded.config, catalog)
  assert.ok(planned.ok)
  assert.equal([planned.plan.threads, planned.plan.rings], [['main'], []])
  assert.match(JSON.stringify(loaded.config.components), /"endpoint":"tapio:9090","collector_id":"node-1"/)
})

test('a recording is collected: it arrives at the server, and the collector ends in order', async () => {
  const marker = newMarker()
  const builder = new BatchBuilder(3)
  for (const message of ['one', 'two', 'three']) builder.append({ message })
  const path = join(folder, 'a $HOME ${x}.tapio')
  writeFileSync(path, Buffer.concat([fileHeader(marker), encodeFrame(builder.finish(), marker)]))
  writeFileSync(join(folder, 'options.yaml'), `receivers: {file: {paths: [${JSON.stringify(path.replaceAll('$', '$$$$'))}], on_end: stop}}`)
  const server = await startReceiver()
  const child = spawn(process.execPath, [join(here, 'main.js'), 'collect', 'file', '--server', server.endpoint, '--id', 'a $HOME ${x}', '--config', 'options.yaml'], { cwd: folder })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => { log += chunk.toString() })
  const code = await new Promise(resolve => child.once('close', resolve))
  await server.stop()
  assert.is(code, 0, log)
  assert.equal(server.next.batches.flatMap(b => Array.from(b, row => row.get('message'))), ['one', 'two', 'three'])
  assert.match(JSON.stringify(server.logger.lines), /"collector":"a \$HOME \$\{x\}"/)
})

const seeds: [Parameters<typeof seedArguments>[0], string[], string[]][] = [
  ['k8s-collector', ['--server', 'a:1'], ['collect', 'kubernetes', '--server', 'a:1']],
  ['systemd-collector', [], ['collect', 'systemd']],
  ['cni-collector', ['--server=a:1'], ['collect', 'cni', '--server=a:1']],
  ['tapio-collector', ['--enable-ebpf', '--server', 'a:1'], ['collect', 'ebpf', '--server', 'a:1']],
  ['tapio-collector', ['--enable-ebpf=false', '--enable-k8s', '--enable-systemd=true', '--grpc-insecure'], ['collect', 'kubernetes', 'systemd', '--tls-insecure']]
]
for (const [name, given, expected] of seeds) {
  test(`${[name, ...given].join(' ')} is tapio ${expected.join(' ')}`, () => {
    assert.equal(seedArguments(name, given), expected)
  })
}

test('the old names are programs of their own', () => {
  for (const name of ['k8s-collector', 'systemd-collector', 'cni-collector', 'tapio-collector']) {
    const done = program(`bin/${name}.js`, ['--help'])
    assert.is(done.code, 0, done.err)
    assert.match(done.out, /Usage: tapio collect/)
  }
})

test.run()
