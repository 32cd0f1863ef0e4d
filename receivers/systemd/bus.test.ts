/**
 * The bus that goes away, hangs, or talks nonsense. A real dbus-daemon stands for the bus, this test for systemd on it.
 * Needs dbus-daemon; elsewhere those parts are skipped, and it is said why.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Message, MessageType, sessionBus, Variant, type MessageBus } from '@jellybrick/dbus-next'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pathOfUnit } from './bus-names.js'
import { startReceiver, type Running } from './testing/start.js'

const test = suite<{ directory: string }>('systemd bus')
const started: Running[] = []
test.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-bus-')) })
test.after.each(async ({ directory }) => { for (const running of started.splice(0)) await running.stop(); rmSync(directory, { recursive: true, force: true }) })
const hasDaemon = spawnSync('dbus-daemon', ['--version']).error === undefined
if (!hasDaemon) console.log('SKIP a real D-Bus daemon: needs dbus-daemon (Debian package dbus)')
const onDaemon = hasDaemon ? test : test.skip

async function listen (directory: string, address: string, timeout = 5000): Promise<Running> {
  const running = await startReceiver({ bus: { address, timeout }, journal: { enabled: false }, state_directory: join(directory, 'state') })
  started.push(running)
  return running
}

async function until (what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds();) {
    if (Date.now() > end) throw new Error(`never came: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('a bus that is not there is said, and tried again', async ({ directory }) => {
  const running = await listen(directory, `unix:path=${join(directory, 'none')}`)
  await until('two tries', () => running.status.events.length >= 2)
  await running.stop()
  assert.match(running.status.events[0] as string, /^recoverable: bus: unix:path=.*none: .*ENOENT/)
})

test('a bus that says nothing, or nonsense, is left in time', async ({ directory }) => {
  const path = join(directory, 'bus')
  const sockets = new Set<Socket>()
  let hold = true
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => { if (!hold) socket.end('nonsense\r\nmore\0nonsense') })
  })
  await new Promise<void>(resolve => { server.listen(path, resolve) })
  try {
    const running = await listen(directory, `unix:path=${path}`, 100)
    await until('the timeout', () => running.status.events.length >= 1)
    assert.match(running.status.events[0] as string, 'no answer to AddMatch within 100 ms')
    hold = false
    await until('the nonsense', () => running.status.events.length >= 2)
    await running.stop()
    await until('closed connections', () => [...sockets].every(s => s.destroyed || s.readableEnded))
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
})

test('a stop does not wait for a bus that hangs', async ({ directory }) => {
  const path = join(directory, 'bus')
  let connected = (): void => undefined
  const asked = new Promise<void>(resolve => { connected = resolve })
  const sockets = new Set<Socket>()
  const server = createServer(socket => { sockets.add(socket); socket.on('error', () => undefined); connected() })
  await new Promise<void>(resolve => { server.listen(path, resolve) })
  const running = await listen(directory, `unix:path=${path}`, 300_000)
  await asked
  // Never aborted: only the stop itself can end the wait.
  await running.receiver.stop({ signal: new AbortController().signal, atMs: Infinity })
  assert.equal(running.status.events, [])
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

/** Starts a bus on which anyone may be anyone. */
async function startDaemon (directory: string): Promise<{ daemon: ChildProcess, address: string }> {
  const address = `unix:path=${join(directory, 'bus')}`
  writeFileSync(join(directory, 'bus.conf'), `<busconfig><type>session</type><listen>${address}</listen><policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`)
  const daemon = spawn('dbus-daemon', ['--nofork', '--nopidfile', `--config-file=${join(directory, 'bus.conf')}`], { stdio: 'ignore' })
  await until('the daemon', () => existsSync(join(directory, 'bus')))
  // The file is there before anybody listens.
  while (!await connects(join(directory, 'bus'))) await new Promise(resolve => setImmediate(resolve))
  return { daemon, address }
}

function connects (path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => { resolve(false) })
  })
}

/** systemd's part: a list of one unit, its properties, and signals. */
async function standIn (address: string, unit: { active: string, sub: string, result: string, run: number }): Promise<MessageBus> {
  const bus = sessionBus({ busAddress: address })
  bus.addMethodHandler(message => {
    const answer = (signature: string, body: unknown[]): boolean => { bus.send(Message.newMethodReturn(message, signature, body)); return true }
    const of = message.body[0]
    switch (message.member) {
      case 'Subscribe': return answer('', [])
      case 'ListUnits': return answer('a(ssssssouso)', [[['x.service', '', 'loaded', unit.active, unit.sub, '', pathOfUnit('x.service'), 0, '', '/']]])
      case 'GetAll': return answer('a{sv}', [of === 'org.freedesktop.systemd1.Unit' ? unitProperties(unit) : { Result: new Variant('s', unit.result) }])
      default: return false
    }
  })
  await bus.requestName('org.freedesktop.systemd1', 0)
  return bus
}

const unitProperties = (unit: { active: string, sub: string, run: number }): Record<string, Variant> => ({
  ActiveState: new Variant('s', unit.active), SubState: new Variant('s', unit.sub), InvocationID: new Variant('ay', Buffer.alloc(16, unit.run)), StateChangeTimestamp: new Variant('t', BigInt(unit.run))
})

function signal (bus: MessageBus, of: string, properties: Record<string, Variant>): void {
  bus.send(new Message({ type: MessageType.SIGNAL, path: pathOfUnit('x.service'), interface: 'org.freedesktop.DBus.Properties', member: 'PropertiesChanged', signature: 'sa{sv}as', body: [`org.freedesktop.systemd1.${of}`, properties, []] }))
}

onDaemon('signals become changes; a bus that dies is come back to, and what happened meanwhile is found', async ({ directory }) => {
  const unit = { active: 'active', sub: 'running', result: 'success', run: 1 }
  let { daemon, address } = await startDaemon(directory)
  let bus = await standIn(address, unit)
  try {
    const running = await listen(directory, address)
    await until('the first look', () => running.status.events.includes('ok'))
    signal(bus, 'Service', { Result: new Variant('s', 'exit-code'), ExecMainCode: new Variant('i', 1), ExecMainStatus: new Variant('i', 7) })
    signal(bus, 'Unit', unitProperties({ active: 'failed', sub: 'failed', run: 1 }))
    const failed = await running.seen('failure', e => e.get('name') === 'unit_failed')
    assert.is(failed.get('returnCode'), 7)
    // Not of the kind that systemd sends: no unit, no map, no state.
    bus.send(new Message({ type: MessageType.SIGNAL, path: '/org/freedesktop/systemd1/unit/x_2eservice', interface: 'org.freedesktop.DBus.Properties', member: 'PropertiesChanged', signature: 's', body: ['org.freedesktop.systemd1.Unit'] }))
    ;(bus as NodeJS.EventEmitter).on('error', () => undefined)
    bus.disconnect()
    daemon.kill('SIGKILL')
    await until('the loss', () => running.status.events.some(e => e.startsWith('recoverable')))
    rmSync(join(directory, 'bus'), { force: true })
    Object.assign(unit, { run: 2 })
    ;({ daemon, address } = await startDaemon(directory))
    bus = await standIn(address, unit)
    await running.seen('the start that no signal told', e => e.get('name') === 'unit_started')
    await running.stop()
    assert.equal(running.events().map(e => e.get('name')), ['unit_failed', 'unit_started'])
  } finally {
    bus.disconnect()
    daemon.kill('SIGKILL')
  }
})

test.run()
