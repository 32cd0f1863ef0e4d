/**
 * Scenario: every operation of the OpenAPI document, over the real methods with a running graph and its store, is sent requests made
 * from the document's types: fitting ones, borderline ones, wild ones, broken bodies, wrong types and methods, odd headers; then raw bytes.
 * Guarantees: no 500, no request without an answer, every refusal a problem that fits its schema, every answer fits the operation's
 * schema, and the server lives on.
 */
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { brotliDecompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../../cli/registry.js'
import { seeded, type Random } from '../../data/testing/random.js'
import type { Schema } from '../openapi/schemas.js'
import { openApiFile } from './server.js'
import { ask, startForTest } from './server-for-test.js'
import { hostileText, Values, type Mood } from './testing/hostile-values.js'
import { startLiveServices } from './testing/live-services.js'

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 1500 : 60
const rawRounds = process.env['TAPIO_TEST_LONG'] === '1' ? 5000 : 300
const lanes = 8
/** Streams that go on are left after so long. */
const streamMs = 60
const hangMs = 20_000

interface Operation { readonly operationId: string, readonly parameters?: readonly { readonly name: string, readonly in: string, readonly schema: Schema }[], readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }, readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>> }
interface Case { readonly path: string, readonly verb: string, readonly operation: Operation }
const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as { paths: Record<string, Record<string, Operation>>, components: { schemas: Record<string, Schema> } }
const cases: readonly Case[] = Object.entries(document.paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => ({ path, verb: verb.toUpperCase(), operation })))

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false })
ajv.addSchema(document, 'api')
const validators = new Map<string, ValidateFunction>()
function validatorOf (name: string): ValidateFunction {
  let known = validators.get(name)
  if (known === undefined) validators.set(name, known = ajv.compile({ $ref: `api#/components/schemas/${name}` }))
  return known
}

interface Sent { readonly path: string, readonly method: string, readonly headers: OutgoingHttpHeaders, readonly body?: Buffer }
interface Got { readonly status: number, readonly headers: IncomingHttpHeaders, readonly text: string }

function send (port: number, { path, method, headers, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const hung = setTimeout(() => { outgoing.destroy(); reject(new Error(`no answer within ${hangMs} ms`)) }, hangMs)
    const outgoing = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      const done = (): void => { clearTimeout(hung); resolve({ status: response.statusCode ?? 0, headers: response.headers, text: method === 'HEAD' ? '' : textOf(response.headers, Buffer.concat(chunks)) }) }
      response.on('data', (chunk: Buffer) => { chunks.push(chunk) }).on('end', done).on('close', done).on('error', done)
      // A stream that is open for good is left.
      if (/event-stream|ndjson/.test(String(response.headers['content-type']))) setTimeout(() => response.destroy(), streamMs)
    })
    outgoing.on('error', error => { clearTimeout(hung); reject(error) })
    outgoing.end(body)
  })
}

function textOf (headers: IncomingHttpHeaders, body: Buffer): string {
  const encoding = headers['content-encoding']
  return (encoding === 'gzip' ? gunzipSync(body) : encoding === 'br' ? brotliDecompressSync(body) : body).toString()
}

function requestFor ({ path, verb, operation }: Case, random: Random): Sent {
  const mood: Mood = random.pick(['fits', 'fits', 'edge', 'wild'])
  const values = new Values(random, document)
  const query: string[] = []
  let target = path
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encoded(values.of(parameter.schema, mood)))
    if (parameter.in !== 'query' || random.chance(0.75)) continue
    const value = values.of(parameter.schema, mood)
    for (const one of Array.isArray(value) ? value : [value]) query.push(`${encoded(parameter.name)}=${encoded(one)}`)
  }
  if (mood === 'wild' && random.chance(0.2)) query.push(random.pick(['%', '%zz=1', '=', `${encoded(hostileText(random))}=1`, 'filter=1', '&&&']))
  const headers: OutgoingHttpHeaders = {}
  if (mood === 'wild' && random.chance(0.2)) headers['accept'] = random.pick(['text/html', '*/*;q=0', 'application/x-ndjson', ';;;', 'a'.repeat(2000)])
  if (random.chance(0.1)) headers['last-event-id'] = random.pick(['0', 'x'.repeat(300), '%00'])
  if (random.chance(0.2)) headers['accept-encoding'] = random.pick(['gzip', 'br', '*', 'rot13', 'gzip;q=0'])
  const method = mood === 'wild' && random.chance(0.05) ? random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']) : verb
  return { path: target + (query.length > 0 ? `?${query.join('&')}` : ''), method, headers, ...bodyFor(operation, values, mood, random, headers) }
}

function encoded (value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? ''
  return encodeURIComponent(Buffer.from(text).toString()).slice(0, 3000).replace(/%[0-9A-F]?$/, '')
}

function bodyFor ({ requestBody }: Operation, values: Values, mood: Mood, random: Random, headers: OutgoingHttpHeaders): { body?: Buffer } {
  if (requestBody === undefined) return {}
  const [type, { schema }] = Object.entries(requestBody.content)[0] as [string, { schema: Schema }]
  headers['content-type'] = mood === 'wild' && random.chance(0.1) ? random.pick(['text/plain', '', 'application/x-protobuf', 'multipart/form-data']) : type
  const one = (): string => JSON.stringify(values.of((schema['contentSchema'] as Schema | undefined) ?? schema, mood)) ?? ''
  const text = schema['contentSchema'] === undefined ? one() : Array.from({ length: random.below(4) }, one).join('\n')
  const body = mood === 'wild' && random.chance(0.35) ? broken(text, random, headers) : Buffer.from(text)
  // Node says nothing about the body of a HEAD or DELETE: it would be read as the next request.
  headers['content-length'] = body.length
  return { body }
}

function broken (text: string, random: Random, headers: OutgoingHttpHeaders): Buffer {
  const bytes = Buffer.from(text)
  switch (random.below(7)) {
    case 0: return bytes.subarray(0, random.below(bytes.length + 1))
    case 1: return Buffer.from(Array.from({ length: random.below(500) }, () => random.below(256)))
    case 2: for (let i = 0; i < 5 && bytes.length > 0; i++) bytes[random.below(bytes.length)] = random.below(256); return bytes
    case 3: return Buffer.from('['.repeat(random.below(50_000)))
    case 4: headers['content-encoding'] = random.pick(['gzip', 'deflate', 'zstd', 'br', 'x']); return bytes
    case 5: headers['content-encoding'] = 'gzip'; return gzipSync(Buffer.alloc(2 << 20, ' '))
    default: headers['content-encoding'] = 'deflate'; return deflateSync(bytes)
  }
}

function check ({ verb, operation }: Case, sent: Sent, { status, headers, text }: Got): void {
  assert.ok(status < 500 || status === 503, `status ${status}: ${text.slice(0, 300)}`)
  if (sent.method === 'HEAD' || sent.method === 'OPTIONS') return
  const type = String(headers['content-type'])
  if (status >= 400 && type !== 'application/json') {
    assert.is(type, 'application/problem+json')
    const problem = JSON.parse(text) as { status: number }
    const fits = validatorOf('Problem')
    assert.ok(fits(problem), ajv.errorsText(fits.errors))
    assert.is(problem.status, status)
    return
  }
  // By another method it was another operation.
  if (sent.method !== verb) return
  const schema = operation.responses['200']?.content?.[type]?.schema ?? {}
  const pieces = type === 'application/json' ? [text] : type === 'text/event-stream' ? [...text.matchAll(/^data: (.*)$/gm)].map(m => m[1] as string) : text.split('\n').slice(0, -1)
  const name = String((schema['contentSchema'] as Schema | undefined ?? schema)['$ref']).split('/').pop() as string
  for (const piece of pieces) {
    const json = JSON.parse(piece) as Record<string, unknown>
    const fits = validatorOf(json['error'] !== undefined || json['type'] !== undefined ? 'Problem' : name)
    assert.ok(fits(json['error'] ?? json), `${ajv.errorsText(fits.errors)} in ${piece.slice(0, 300)}`)
  }
}

const live = await startLiveServices(registryUrl, 2000)
const server = await startForTest({}, { services: live.services, options: { limits: { maxRequestBytes: 1 << 20 } } })
const statuses = new Map<number, number>()

for (const one of cases) {
  test(`${one.operation.operationId} bears whatever is sent`, async () => {
    let next = 0
    await Promise.all(Array.from({ length: lanes }, async () => {
      for (let seed = next++; seed < rounds; seed = next++) {
        const sent = requestFor(one, seeded(seed * 31 + one.path.length))
        try {
          const got = await send(server.port, sent)
          statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1)
          check(one, sent, got)
        } catch (error) {
          throw new Error(`seed ${seed}: ${sent.method} ${sent.path.slice(0, 500)} ${sent.body?.toString().slice(0, 500) ?? ''}: ${(error as Error).message}`, { cause: error })
        }
      }
    }))
  })
}

test('raw bytes end no server', async () => {
  const valid = 'POST /v1/events:batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 22\r\n\r\n{"events":[{"name":""}]}'
  let next = 0
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let seed = next++; seed < rawRounds; seed = next++) await raw(seeded(seed), Buffer.from(valid))
  }))
})

/** Resolves when the server has ended the connection, or has answered; a connection that waits for more bytes is left. */
function raw (random: Random, valid: Buffer): Promise<void> {
  const bytes = random.chance(0.5) ? Buffer.from(Array.from({ length: 1 + random.below(2000) }, () => random.below(256))) : valid
  for (let i = random.below(10); i > 0; i--) bytes[random.below(bytes.length)] = random.pick([0, 10, 13, 32, 58, 255, random.below(256)])
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => {}).on('close', () => resolve())
    socket.on('data', chunk => {
      if (/^HTTP\/1\.1 500/.test(String(chunk))) reject(new Error(`500 for ${bytes.toString('latin1')}`))
      socket.destroy()
    })
    socket.end(bytes.subarray(0, random.chance(0.3) ? random.below(bytes.length) : bytes.length))
  })
}

test('the server lives on, and has given up nothing', async () => {
  const info = await ask(server.port, '/v1/info')
  assert.is(info.status, 200)
  assert.equal((JSON.parse(info.text) as { apiVersions: string[] }).apiVersions, ['tapio.v1'])
  console.log(`\nREPORT ${[...statuses.values()].reduce((a, b) => a + b, 0)} requests to ${cases.length} operations, by status: ${[...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`).join(', ')}`)
  for (const status of [200, 400, 404]) assert.ok((statuses.get(status) ?? 0) > 0, `none was answered ${status}`)
})

test.after(async () => {
  await server.stop()
  await live.stop()
})
test.run()
