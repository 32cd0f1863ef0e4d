/** Guarantees: whatever else is wrong with a configuration, no secret of it is ever printed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from './load.js'
import { printConfig } from './print.js'
import { faultsAsJson, renderFaults } from './render.js'
import { catalog } from './testdata/catalog.js'
import { randomOf, type Random } from './testdata/random.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'

/** Each builds a configuration with the secret in it, some right and some wrong in another place. */
const shapes: readonly ((secret: string, noise: string) => string)[] = [
  s => `exporters:\n  web: {url: "http://h", token: "${s}"}\n  otlp: {endpoint: a:1, headers: {a: "x ${s}"}, auth: {type: basic, user: me, password: "${s}"}}\n`,
  s => `exporters:\n  web: {url: "http://h", token: "\${env:SECRET}"}\n  otlp: {endpoint: a:1, auth: {type: bearer, token: "\${env:NONE:-${s}}"}}\n`,
  (s, n) => `exporters:\n  web:\n    url: ${n}\n    token: "${s}"\n`,
  (s, n) => `exporters:\n  web: {url: "http://h", token: "${s}", ${n}: 1}\n`,
  (s, n) => `exporters:\n  otlp: {endpoint: "${n}", headers: {authorization: "Bearer ${s}", b: "${s}"}}\n`,
  (s, n) => `exporters:\n  otlp:\n    endpoint: a:1\n    auth: {type: ${n}, token: "${s}"}\n`,
  (s, n) => `exporters:\n  otlp:\n    endpoint: a:1\n    auth: {type: bearer, tokn: "${s}", ${n}: "${s}"}\n`,
  (s, n) => `exporters:\n  otlp: {endpoint: a:1, timeout: ${n}, auth: {type: bearer, token: ["${s}"]}}\n`,
  (s, n) => `exporters:\n  otlp:\n    endpoint: a:1\n    headers: {x-bad: "${s}"}\n    retry: ${n}\n`,
  (s, n) => `exporters:\n  ${n}: {token: "${s}", x: [{y: "${s}"}]}\n`,
  (s, n) => `${n}: {token: "${s}"}\nexporters: {debug: }\n`,
  (s, n) => `exporters:\n  web:\n    url: http://h\n    token: "${s}"\n    token: "${n}"\n`,
  (s, n) => `exporters:\n  web: {url: http://h, token: "${s}", ${n}\n`,
  (s, n) => `exporters:\n  web:\n    url: http://h\n    token: ${n}: "${s}"\n`,
  (s, n) => `exporters:\n  web:\n    url: http://h\n    token: "\${env:NONE:-${s}}${n}\n`,
  (s, n) => `exporters:\n  web: {url: ${n}, token: "\${env:NONE}${s}"}\n`,
  (s, n) => `exporters:\n  web: {url: ${n}, token: "\${env:SECRET}"}\n`,
  (s, n) => `exporters:\n  web: {url: "http://h", token: "\${file:${n}}", timeout: ${n}, whatever: "${s}"}\n`,
  (s, n) => `collectors:\n  otel: {endpoint: "${n}", token: "${s}"}\n  ${n}: {token: "${s}"}\n`,
  (s, n) => `x-auth: &a {type: bearer, token: "${s}", n: ${n}}\nexporters: {otlp: {endpoint: a:1, auth: *a}}\n`
]

const noises = ['x', '5', 'http://h', 'timeout', 'compression', '[1, 2]', '{a: 1}', 'basic', 'bearer', 'true', '""', 'a:1', '5s', '"']

function secretOf (random: Random): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghkmnopqrstuvwxyz0123456789'
  return `S3${Array.from({ length: 14 }, () => letters.charAt(random.below(letters.length))).join('')}`
}

test('secrets never appear in printed configurations, faults, warnings or their excerpts', () => {
  const random = randomOf(20_250_101)
  const rounds = long ? 20_000 : 1500
  const rest = 'receivers: {otlp: {protocols: {grpc: }}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [web, otlp]}}}\n'
  let loaded = 0
  for (let round = 0; round < rounds; round++) {
    const secret = secretOf(random)
    const yaml = random.pick(shapes)(secret, random.pick(noises)) + rest
    const sets = random.below(4) === 0 ? [`exporters.web.token=${secret}`, `exporters.web.${random.pick(['tokem', 'token.x', 'timeout'])}=1`] : []
    const result = loadConfig({ configs: [`yaml:${yaml}`], sets }, catalog, { SECRET: secret })
    const faults = [...(result.ok ? [] : result.faults), ...result.warnings]
    const shown = renderFaults(faults) + faultsAsJson(faults) + (result.ok ? printConfig(result.config, catalog) : '')
    assert.not.ok(shown.includes(secret), `${yaml}\n${shown}`)
    if (result.ok) loaded += 1
  }
  assert.ok(loaded > 0, 'some of them must load, or nothing printed was checked')
})

test('a fault beside a secret shows its line with the secret masked and the caret in place', () => {
  const yaml = 'receivers: {otlp: {protocols: {grpc: }}}\nexporters:\n  web: {token: "hunter2hunter2", url: "http://h", timeout: soon}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [web]}}}\n'
  const result = loadConfig({ configs: [`yaml:${yaml}`] }, catalog, {})
  const [fault] = result.ok ? [] : result.faults
  const text = '  web: {token: [redacted], url: "http://h", timeout: soon}'
  assert.equal(fault?.excerpt, { text, column: text.indexOf('soon'), length: 4 })
})

test.run()
