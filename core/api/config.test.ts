/**
 * Scenario: `service.api` as people may write it. Guarantees: given with nothing in it it has its defaults; what would be open to
 * strangers, contradicts itself or wants a taken endpoint is a fault at its line; secrets are printed nowhere.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configJsonSchema } from '../config/json-schema.js'
import { loadConfig, loadService, type LoadResult } from '../config/load.js'
import { printConfig } from '../config/print.js'
import { renderFaults } from '../config/render.js'
import { catalog } from '../config/testdata/catalog.js'
import { fits } from '../config/validator.js'
import type { TSchema } from '@sinclair/typebox'

const load = (api: string, receiver = 'kmsg: '): LoadResult =>
  loadConfig({ configs: [`yaml:receivers: {${receiver}}\nexporters: {debug: }\nservice:\n  pipelines: {main: {receivers: [${receiver.split(':')[0] as string}], exporters: [debug]}}\n${api}`] }, catalog, {})

const faults = (result: LoadResult): string[] => result.ok ? [] : result.faults.map(f => `${f.code} ${f.path}: ${f.message}`)

test('left out: no API; given with nothing: all defaults, on loopback', () => {
  const without = load('')
  assert.ok(without.ok)
  assert.is(without.config.service.api, undefined)
  const empty = load('  api:\n')
  assert.ok(empty.ok, JSON.stringify(faults(empty)))
  assert.equal(empty.config.service.api, {
    grpc: { endpoint: '127.0.0.1:9090' }, http: { endpoint: '127.0.0.1:8080' },
    rate_limit: { requests_per_second: 100, burst: 200 }, cors: { allowed_origins: [] }, allowed_hosts: [],
    max_request_bytes: 4 << 20, max_streams_per_client: 64, max_connections: 1000
  })
})

const secret = 'correct-horse-battery'

for (const endpoint of ['0.0.0.0:9090', '10.0.0.1:9090', '[::]:9090', 'tapio.example.com:9090']) {
  test(`${endpoint} without auth is a fault, with auth it is not`, () => {
    assert.equal(faults(load(`  api: {grpc: {endpoint: "${endpoint}"}}`)).map(f => f.slice(0, 46)), ['CFG072 service.api.grpc.endpoint: `grpc.endpoi'])
    assert.equal(faults(load(`  api: {grpc: {endpoint: "${endpoint}"}, auth: {tokens: [{name: a, token: ${secret}}]}}`)), [])
  })
}

for (const endpoint of ['localhost:9090', '127.8.0.1:9090', '[::1]:9090', 'unix:///run/tapio.sock']) {
  test(`${endpoint} needs no auth`, () => assert.equal(faults(load(`  api: {grpc: {endpoint: "${endpoint}"}}`)), []))
}

test('an endpoint that is taken: by the other server, a receiver of whatever kind, the metrics; the fault says which is not', () => {
  const both = load('  api: {http: {endpoint: "localhost:9090"}}')
  assert.equal(faults(both), ['CFG073 service.api.http.endpoint: `http.endpoint` is localhost:9090, where service.api.grpc listens already'])
  assert.is(both.ok ? '' : both.faults[0]?.help, 'localhost:9091 is not used in this configuration')
  assert.equal(faults(load('  api:\n', 'otlp: {protocols: {grpc: {endpoint: "0.0.0.0:9090"}}}')), ['CFG073 service.api.grpc.endpoint: `grpc.endpoint` is 127.0.0.1:9090, where receiver otlp listens already'])
  assert.equal(faults(load('  api: {grpc: {endpoint: "127.0.0.1:8888"}}')).length, 1)
  assert.equal(faults(load('  api: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}')), [], 'port 0 is never the same')
})

test('auth that contradicts itself', () => {
  const of = (auth: string, more = ''): string[] => faults(load(`  api: {auth: ${auth}${more}}`)).map(f => f.replace('CFG074 service.api.', ''))
  assert.equal(of('{}'), ['auth: `auth` without any credential lets nobody in'])
  assert.equal(of('{tokens: [{name: a}]}'), ['auth.tokens[0]: `tokens[0]` needs either `token` or `token_file`, and has none'])
  assert.equal(of('{tokens: [{name: a, token: short}]}'), ['auth.tokens[0].token: `token` has 5 characters; at least 16 are needed'])
  assert.equal(of(`{tokens: [{name: a, token: ${secret}}, {name: a, token_file: x}]}`), ['auth.tokens[1].name: the name "a" is given twice in `tokens`'])
  assert.equal(of('{client_certificates: [{name: a}]}'), ['auth.client_certificates: client certificates are not asked for: there is no `tls.client_ca_file`'])
  assert.equal(of('{client_certificates: [{name: a}]}', ', tls: {cert_file: c, key_file: k, client_ca_file: a}'), [])
})

test('secrets are hidden in what is printed and in faults; with them shown it loads again as it was', () => {
  const good = load(`  api: {auth: {tokens: [{name: a, token: ${secret}, scope: admin}]}}`)
  assert.ok(good.ok)
  assert.not.match(printConfig(good.config, catalog), secret)
  assert.match(printConfig(good.config, catalog), /token: "\[redacted\]"/)
  const again = loadConfig({ configs: [`yaml:${printConfig(good.config, catalog, { secrets: 'shown' })}`] }, catalog, {})
  assert.ok(again.ok)
  assert.equal(again.config.service.api, good.config.service.api)
  const bad = load('  api: {auth: {tokens: [{name: a, token: tooshort, scop: admin}]}}')
  assert.not.match(renderFaults(bad.ok ? [] : bad.faults), 'tooshort')
})

test('without pipelines (`tapio serve`) the section is read alone, with the same faults; what others hold is not shown', () => {
  const of = (...configs: string[]) => loadService({ configs: configs.map(text => `yaml:${text}`), sets: ['service.api.http.endpoint=127.0.0.1:1'] }, catalog, {})
  const good = of('service: {api: {}}', 'receivers: {nonsense: {}}')
  assert.ok(good.ok)
  assert.equal([good.service.api?.http.endpoint, good.service.api?.grpc.endpoint], ['127.0.0.1:1', '127.0.0.1:9090'])
  const bad = of(`{service: {api: {grpc: {endpoint: "0.0.0.0:1"}}}, exporters: {otlp: {headers: {token: ${secret}}}}}`)
  assert.equal(bad.ok ? [] : bad.faults.map(f => f.code), ['CFG072'])
  assert.not.match(renderFaults(bad.ok ? [] : bad.faults), secret)
})

test('editors know it', () => {
  const service = (configJsonSchema(catalog)['properties'] as Record<string, TSchema>)['service'] as TSchema
  assert.ok(fits(service, { api: { grpc: { endpoint: '127.0.0.1:9' } } }))
  assert.not.ok(fits(service, { api: { grcp: {} } }))
})

test.run()
