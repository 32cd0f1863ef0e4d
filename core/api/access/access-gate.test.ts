/**
 * Scenario: callers with and without credentials, many calls, many streams, many strangers. Guarantees: who may call what, with an
 * answer that says what to do; rates and streams bounded by client; what changes or was refused is in the audit log, without contents.
 */
import { mkdtemp, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { RecordingLogger, RecordingMeter } from '../../testing/services.js'
import { ApiError } from '../call.js'
import type { ApiConfig } from '../config.js'
import { CollectorService } from '../gen/tapio/v1/collector_service_pb.js'
import { UpdateConfigRequestSchema } from '../gen/tapio/v1/collector_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { SubmitEventBatchRequestSchema } from '../gen/tapio/v1/event_pb.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import { AccessGate } from './access-gate.js'
import { AuditLog, auditLost } from './audit.js'
import type { Credentials } from './gate.js'

const test = suite('api: access')
const { healthCheck, getPipelines, tap } = TapioService.method
const { submitEventBatch } = EventService.method
const { updateConfig } = CollectorService.method

const tokens = { reader: 'read-token-0123456789', writer: 'write-token-0123456789', boss: 'admin-token-0123456789' }
const auth: ApiConfig['auth'] = {
  tokens: [{ name: 'reader', token: tokens.reader, scope: 'read' }, { name: 'writer', token: tokens.writer, scope: 'write' }, { name: 'boss', token: tokens.boss, scope: 'admin' }],
  client_certificates: [{ name: 'node-1', scope: 'write' }],
  reload_interval: 1000
}

function open (config: Partial<ApiConfig> = {}, file?: string) {
  const clock = new FakeClock()
  const logger = new RecordingLogger()
  const meter = new RecordingMeter()
  const troubles: string[] = []
  const audit = new AuditLog({ file, clock, logger, lost: meter.counter(auditLost), onTrouble: reason => { troubles.push(reason) } })
  const gate = new AccessGate({ config: { rate_limit: { requests_per_second: 0, burst: 1 }, max_streams_per_client: 2, ...config }, audit, clock, logger })
  return { gate, audit, clock, logger, meter, troubles }
}

const shown = (authorization?: string, certificateName?: string, address = '10.0.0.1'): Credentials => ({ authorization, certificateName, address })
const bearer = (token: string, address?: string): Credentials => shown(`Bearer ${token}`, undefined, address)

function codeOf (act: () => unknown): string {
  try { act(); return 'OK' } catch (error) { return error instanceof ApiError ? error.code : String(error) }
}

test('each scope holds those before it; a wrong token is refused even where none is needed', () => {
  const { gate } = open({ auth })
  const table = [shown(), bearer('nobody-has-this-token'), bearer(tokens.reader), bearer(tokens.writer), bearer(tokens.boss), shown(undefined, 'node-1'), shown(undefined, 'node-2'), shown('Basic abc')]
    .map(credentials => [healthCheck, getPipelines, submitEventBatch, updateConfig].map(method => codeOf(() => gate.enter(method, credentials))))
  const [none, denied] = ['UNAUTHENTICATED', 'PERMISSION_DENIED']
  assert.equal(table, [
    ['OK', none, none, none],
    [none, none, none, none],
    ['OK', 'OK', denied, denied],
    ['OK', 'OK', 'OK', denied],
    ['OK', 'OK', 'OK', 'OK'],
    ['OK', 'OK', 'OK', denied],
    ['OK', none, none, none],
    [none, none, none, none]
  ])
  assert.equal(gate.enter(updateConfig, bearer(tokens.boss)).caller, { name: 'boss', address: '10.0.0.1', scope: 'admin' })
  assert.is(codeOf(() => gate.enter(getPipelines, shown(`bEaReR   ${tokens.reader} `))), 'OK', 'schemes are case-insensitive')
})

test('without auth everybody is admin: only this machine reaches it', () => {
  const { gate } = open()
  assert.equal(gate.enter(updateConfig, shown('Bearer whatever', undefined, '127.0.0.1')).caller, { name: 'anonymous', address: '127.0.0.1', scope: 'admin' })
})

test('a token file is read again when it changes; one that cannot be used stays as it was, and at the start is an error', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-access-'))
  const path = join(directory, 'token')
  try {
    const config = { auth: { ...auth, tokens: [{ name: 'f', token_file: path, scope: 'read' as const }] } }
    assert.throws(() => open(config), /token "f": token_file ".*token" cannot be read/)
    await writeFile(path, 'short\n')
    assert.throws(() => open(config), /has 5 characters; at least 16/)
    await writeFile(path, `${tokens.reader}\n`)
    const { gate, clock } = open(config)
    assert.is(codeOf(() => gate.enter(getPipelines, bearer(tokens.reader))), 'OK')
    await writeFile(path, tokens.writer)
    await clock.advance(1000)
    assert.equal([tokens.reader, tokens.writer].map(t => codeOf(() => gate.enter(getPipelines, bearer(t)))), ['UNAUTHENTICATED', 'OK'])
    await writeFile(path, '')
    await clock.advance(1000)
    assert.is(codeOf(() => gate.enter(getPipelines, bearer(tokens.writer))), 'OK')
    gate.close()
    assert.is(clock.pending, 0)
  } finally { await rm(directory, { recursive: true }) }
})

test('calls beyond the rate are refused with the time to wait, each client by itself; guessing tokens is a call too', async () => {
  const { gate, clock } = open({ auth, rate_limit: { requests_per_second: 10, burst: 3 } })
  const call = (c: Credentials): string => codeOf(() => gate.enter(getPipelines, c))
  assert.equal(Array.from({ length: 5 }, () => call(bearer(tokens.reader))), ['OK', 'OK', 'OK', 'RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED'])
  assert.is(call(bearer(tokens.boss)), 'OK', 'another name')
  assert.equal(Array.from({ length: 4 }, () => call(bearer('a-guess-of-a-token'))), ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED', 'RESOURCE_EXHAUSTED'])
  assert.is(call(bearer('a-guess-of-a-token', '10.0.0.2')), 'UNAUTHENTICATED', 'another address')
  try { gate.enter(getPipelines, bearer(tokens.reader)); assert.unreachable() } catch (error) {
    assert.is((error as ApiError).more.retryAfterMs, 100)
    assert.match((error as ApiError).message, /10 calls a second; try again in 100 ms/)
  }
  await clock.advance(100)
  assert.equal([call(bearer(tokens.reader)), call(bearer(tokens.reader))], ['OK', 'RESOURCE_EXHAUSTED'])
})

test('streams of a client are counted until they end, once', () => {
  const { gate } = open({ auth })
  const enter = () => gate.enter(tap, bearer(tokens.reader))
  const [first] = [enter(), enter()]
  assert.is(codeOf(enter), 'RESOURCE_EXHAUSTED')
  assert.is(codeOf(() => gate.enter(getPipelines, bearer(tokens.reader))), 'OK', 'single calls go on')
  first.end()
  first.end()
  enter()
  assert.is(codeOf(enter), 'RESOURCE_EXHAUSTED')
})

test('50 000 strangers take a bounded table, and those with streams stay in it', () => {
  const { gate } = open({ rate_limit: { requests_per_second: 1, burst: 2 } })
  const from = (i: number): Credentials => shown(undefined, undefined, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  gate.enter(tap, from(0))
  gate.enter(tap, from(0))
  for (let i = 1; i <= 50_000; i++) gate.enter(getPipelines, from(i))
  assert.is(codeOf(() => gate.enter(getPipelines, from(0))), 'RESOURCE_EXHAUSTED', 'its bucket is remembered')
})

test('the audit log: changes and refusals with ids and outcome, no contents; mode 0600', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-audit-'))
  const file = join(directory, 'audit.log')
  try {
    const { gate, audit } = open({ auth }, file)
    const boss = gate.enter(updateConfig, bearer(tokens.boss)).caller
    gate.audit(updateConfig, boss, create(UpdateConfigRequestSchema, { id: 'edge-7', config: { etag: 'secret-etag', settings: { password: 'hunter2' } } }), 'OK')
    gate.audit(submitEventBatch, boss, create(SubmitEventBatchRequestSchema, { events: [{ message: 'private words' }, {}] }), 'INVALID_ARGUMENT')
    assert.is(codeOf(() => gate.enter(updateConfig, bearer(tokens.reader))), 'PERMISSION_DENIED')
    assert.is(codeOf(() => gate.enter(getPipelines, shown())), 'UNAUTHENTICATED')
    await audit.close()
    const text = await readFile(file, 'utf8')
    const time = '2026-01-01T00:00:00.000Z'
    assert.equal(text.trim().split('\n').map(line => JSON.parse(line) as unknown), [
      { time, caller: 'boss', address: '10.0.0.1', method: 'tapio.v1.CollectorService/UpdateConfig', subjects: { id: 'edge-7' }, outcome: 'OK' },
      { time, caller: 'boss', address: '10.0.0.1', method: 'tapio.v1.EventService/SubmitEventBatch', subjects: { events: 2 }, outcome: 'INVALID_ARGUMENT' },
      { time, caller: 'reader', address: '10.0.0.1', method: 'tapio.v1.CollectorService/UpdateConfig', subjects: {}, outcome: 'PERMISSION_DENIED' }
    ])
    assert.is((await stat(file)).mode & 0o777, 0o600)
  } finally { await rm(directory, { recursive: true }) }
})

test('an audit log that cannot be written: calls go on, the trouble is told, at most 1000 lines wait and the rest is counted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-audit-'))
  const file = join(directory, 'there', 'audit.log')
  try {
    const { gate, audit, clock, meter, troubles } = open({}, file)
    const caller = gate.enter(updateConfig, shown()).caller
    const add = (n: number): void => { for (let i = 0; i < n; i++) gate.audit(updateConfig, caller, create(UpdateConfigRequestSchema, { id: `c${i}` }), 'OK') }
    add(1)
    while (troubles.length === 0) await new Promise(resolve => setImmediate(resolve))
    assert.match(troubles[0], /audit log ".*" cannot be written: ENOENT/)
    add(1500)
    assert.is(meter.values.get('api_audit_lost'), 501)
    await mkdir(join(directory, 'there'))
    await clock.advance(1000)
    await audit.close()
    assert.equal(troubles.slice(1), [''])
    assert.is((await readFile(file, 'utf8')).trim().split('\n').length, 1000)
  } finally { await rm(directory, { recursive: true }) }
})

test.run()
