/**
 * Scenario: the committed OpenAPI document, a linter of others, and a client generated from it.
 * Guarantees: every method of the proto files is in the document with its rules, scope and words; the linter's recommended rules find nothing; the generated client compiles strictly and works against a live server.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hasOption } from '@bufbuild/protobuf'
import { http } from '../gen/google/api/annotations_pb.js'
import type { CollectorConfig } from '../gen/tapio/v1/collector_pb.js'
import type { GetEventsRequest, SubmitEventBatchRequest } from '../gen/tapio/v1/event_pb.js'
import { allServices, startForTest } from '../http/server-for-test.js'
import { openApiFile } from '../http/server.js'
import { readComments } from './comments.js'
import { openApiDocument } from './document.js'
import type { Schema } from './schemas.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
const run = promisify(execFile)
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

interface Operation { readonly operationId: string, readonly summary: string, readonly parameters?: readonly { readonly name: string, readonly in: string, readonly schema: Schema }[], readonly security: readonly Schema[] }
interface Document { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>, readonly components: { readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, Schema>>, readonly required?: readonly string[] }>> } }
const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as Document

test('the committed document is what the proto files say', () => {
  assert.equal(document as unknown, JSON.parse(JSON.stringify(openApiDocument(readComments(root)))))
})

test('every method is an operation, every reference has an end', () => {
  const operations = Object.values(document.paths).flatMap(path => Object.values(path))
  const methods = allServices.flatMap(s => s.methods.filter(m => hasOption(m, http)).map(m => `${s.name}_${m.name}`))
  assert.equal(operations.map(o => o.operationId).sort(), methods.sort())
  for (const { operationId, summary } of operations) assert.ok(summary.length > 5, operationId)
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(document.components.schemas[name as string], name)
})

test('parameters, rules, words and scopes are those of the proto files', () => {
  const events = document.paths['/v1/events']?.['get'] as Operation
  const parameter = (name: string): Schema | undefined => events.parameters?.find(p => p.name === name)?.schema
  assert.equal(parameter('filter.minSeverity'), { type: 'string', enum: ['trace', 'debug', 'info', 'low', 'medium', 'warning', 'high', 'error', 'critical'] })
  assert.equal(parameter('filter.sources'), { type: 'array', items: { type: 'string' }, maxItems: 50 })
  assert.equal(parameter('filter.since'), { type: 'string', format: 'date-time' })
  assert.equal(parameter('page.size'), { type: 'integer', format: 'int64', minimum: 0, maximum: 1000 })
  assert.equal(events.security, [{ token: ['read'] }, { certificate: ['read'] }, {}])
  assert.equal(document.paths['/v1/health']?.['get']?.security, [])
  assert.equal(document.paths['/v1/collectors/{id}/config']?.['put']?.parameters?.map(p => [p.name, p.in]), [['id', 'path']])
  const { RegisterCollectorRequest: register, Event: event } = document.components.schemas
  assert.equal(register?.required, ['id', 'type'])
  assert.equal(register?.properties['labels'], { type: 'object', additionalProperties: { type: 'string', maxLength: 256 }, maxProperties: 32, description: 'At most 32.' })
  assert.is(event?.properties['traceId']?.['pattern'], '^(?:[0-9a-f]{32})$')
})

test('the linter finds neither errors nor warnings', async () => {
  const { stdout } = await run(bin('redocly'), ['lint', '--extends', 'recommended', '--format', 'json', openApiFile], { cwd: root, env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' } })
  const { totals } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { totals: { errors: number, warnings: number } }
  assert.equal([totals.errors, totals.warnings], [0, 0])
})

const clientSource = `
import createClient from 'openapi-fetch'
import type { components, paths } from './schema.js'

const client = createClient<paths>({ baseUrl: process.argv[2] as string })
const results: unknown[] = []

const events = await client.GET('/v1/events', { params: { query: { 'filter.minSeverity': 'error', 'filter.sources': ['ebpf', 'otlp'], 'page.size': 5 } } })
const first: components['schemas']['Event'] | undefined = events.data?.events?.[0]
const time: string | undefined = first?.time
results.push(first?.name, time, events.data?.nextPageToken)

const refused = await client.GET('/v1/events/{id}', { params: { path: { id: 'x' } } })
const problem: components['schemas']['Problem'] | undefined = refused.error
results.push(refused.response.status, problem?.code, problem?.fields?.[0]?.path)

const batch = await client.POST('/v1/events:batch', { body: { events: [{ name: 'a', kernel: { pid: 7, cgroupId: '18446744073709551615' } }] } })
results.push(batch.data?.accepted, batch.data?.ids)

const config = await client.PUT('/v1/collectors/{id}/config', { params: { path: { id: 'remote/one' } }, body: { config: { maxBatchSize: 10, heartbeatInterval: '3.500s' } } })
results.push(config.data?.config?.etag)

const stream = await client.GET('/v1/events:subscribe', { parseAs: 'stream' })
results.push(await new Response(stream.data as unknown as ReadableStream).text())

// @ts-expect-error no such parameter
void (() => client.GET('/v1/events', { params: { query: { 'filter.colour': 'red' } } }))
// @ts-expect-error no such word
void (() => client.GET('/v1/events', { params: { query: { 'filter.minSeverity': 'worse' } } }))
// @ts-expect-error no such path
void (() => client.GET('/v1/eventz'))
// @ts-expect-error a name is text
void (() => client.POST('/v1/events:batch', { body: { events: [{ name: 7 }] } }))
// @ts-expect-error a required field is missing
void (() => client.POST('/v1/collectors', { body: { id: 'a' } }))

console.log(JSON.stringify(results))
`

test('a client generated from the document compiles and works', async () => {
  // Below node_modules' folder, so that its imports are found.
  const folder = mkdtempSync(join(root, 'dist', 'client-'))
  async function * subscribe (): AsyncGenerator<object> {
    await Promise.resolve()
    yield { resumeToken: 't' }
  }
  const server = await startForTest({
    'EventService.getEvents': ({ filter }: GetEventsRequest) => Promise.resolve({ events: [{ name: `${filter?.minSeverity} ${filter?.sources.join()}`, time: { seconds: 1_767_225_600n, nanos: 0 } }], nextPageToken: 'more' }),
    'EventService.submitEventBatch': ({ events }: SubmitEventBatchRequest) => Promise.resolve({ accepted: events.length, ids: events.map(e => String(e.kernel?.cgroupId)) }),
    'EventService.subscribe': subscribe,
    'CollectorService.updateConfig': ({ id, config }: { id: string, config: CollectorConfig }) => Promise.resolve({ config: { ...config, etag: `${id} ${config.heartbeatInterval?.nanos}` } })
  })
  try {
    await run(bin('openapi-typescript'), [openApiFile, '--output', join(folder, 'schema.d.ts')], { cwd: root })
    writeFileSync(join(folder, 'client.ts'), clientSource)
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const flags = ['--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--types', 'node']
    await run(bin('tsc'), [...flags, join(folder, 'client.ts')], { cwd: folder }).catch((error: { stdout: string }) => { throw new Error(error.stdout) })
    const { stdout } = await run(process.execPath, [join(folder, 'client.js'), server.url])
    assert.equal(JSON.parse(stdout), [
      'error ebpf,otlp', '2026-01-01T00:00:00Z', 'more', 400, 'INVALID_ARGUMENT', 'id', 1, ['18446744073709551615'], 'remote/one 500000000',
      'retry: 2000\n\nid: t\ndata: {"resumeToken":"t"}\n\n'
    ])
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})

test.run()
