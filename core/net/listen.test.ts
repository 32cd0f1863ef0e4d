import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { createServer, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { listen, parseAddress } from './listen.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-listen-'))
test.after(() => rmSync(folder, { recursive: true }))

const close = (server: Server): Promise<void> => new Promise(resolve => server.close(() => resolve()))

test('endpoints are host and port, or the path of a socket', () => {
  assert.equal(parseAddress('127.0.0.1:4317'), { kind: 'tcp', host: '127.0.0.1', port: 4317 })
  assert.equal(parseAddress('[::1]:0'), { kind: 'tcp', host: '::1', port: 0 })
  assert.equal(parseAddress(':4317'), { kind: 'tcp', host: '', port: 4317 })
  assert.equal(parseAddress('unix:///run/tapio/otlp.sock'), { kind: 'unix', path: '/run/tapio/otlp.sock' })
  for (const bad of ['', 'host', 'host:', '::1:4317', 'host:port']) assert.throws(() => parseAddress(bad), /not host:port/)
})

test('a port is told, and one in use is an error', async () => {
  const server = createServer()
  const port = await listen(server, 'localhost:0')
  assert.ok(port > 0)
  const second = createServer()
  await listen(second, `127.0.0.1:${port}`).then(() => assert.unreachable(), (error: NodeJS.ErrnoException) => assert.is(error.code, 'EADDRINUSE'))
  await close(server)
})

test('a unix socket serves, is refused while in use, and replaces what a killed process left', async () => {
  const path = join(folder, 'a.sock')
  // A process that ends without closing its server leaves the file.
  spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])
  assert.ok(existsSync(path))
  const server = createServer(socket => socket.on('error', () => {}).end('here'))
  assert.is(await listen(server, `unix://${path}`), 0)
  const said = await new Promise(resolve => connect(path).on('data', data => resolve(String(data))))
  assert.is(said, 'here')
  await listen(createServer(), `unix://${path}`).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /in use by another process/))
  await close(server)
  const file = join(folder, 'file')
  writeFileSync(file, 'precious')
  await listen(createServer(), `unix://${file}`).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /is not a socket/))
  assert.ok(existsSync(file))
})

test.run()
