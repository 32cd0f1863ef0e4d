import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { retry } from '../../core/component/outcome.js'
import { post } from '../../core/otlp/testing/harness.js'
import { Cors } from './cors.js'
import { spans } from './raw-call-for-test.js'
import { withReceiver } from './start-for-test.js'

const http = (cors?: object): object => ({ protocols: { http: { endpoint: '127.0.0.1:0', ...(cors === undefined ? {} : { cors: { allowed_origins: [], allowed_headers: [], max_age: 0, ...cors } }) } } })
const ask = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-tenant' }

test('off by default: a preflight is a wrong method, and no answer has a CORS header', async () => {
  await withReceiver(http(), async r => {
    assert.is((await post(r.httpPort, '/v1/traces', '', { origin: 'https://a.example', ...ask }, 'OPTIONS')).code, 405)
    const reply = await post(r.httpPort, '/v1/traces', spans(1), { origin: 'https://a.example' })
    assert.equal([reply.code, reply.headers['access-control-allow-origin'], reply.headers.vary], [200, undefined, undefined])
  })
})

test('preflights and answers let in the listed origins only, without credentials of ours', async () => {
  const auth = { bearer_tokens: ['t'], basic: {}, reload_interval: 10_000 }
  await withReceiver({ protocols: { http: { endpoint: '127.0.0.1:0', auth, cors: { allowed_origins: ['https://*.shop.example'], allowed_headers: ['X-Tenant', 'authorization'], max_age: 600 } } } }, async r => {
    const origin = 'https://www.shop.example'
    const preflight = await post(r.httpPort, '/v1/traces', '', { origin, ...ask }, 'OPTIONS')
    assert.is(preflight.code, 204)
    const { headers } = preflight
    assert.equal([headers['access-control-allow-origin'], headers['access-control-allow-methods'], headers['access-control-allow-headers'], headers['access-control-max-age']], [origin, 'POST', 'content-type, x-tenant', '600'])
    const strange = await post(r.httpPort, '/v1/traces', '', { origin: 'https://shop.example.evil', ...ask }, 'OPTIONS')
    assert.equal([strange.code, strange.headers['access-control-allow-origin']], [204, undefined])
    const refused = await post(r.httpPort, '/v1/traces', spans(1), { origin })
    assert.equal([refused.code, refused.headers['access-control-allow-origin']], [401, origin], 'the page can read why')
    const actual = await post(r.httpPort, '/v1/traces', spans(1), { origin, authorization: 'Bearer t' })
    assert.equal([actual.code, actual.headers['access-control-allow-origin'], actual.headers.vary], [200, origin, 'Origin'])
    r.next.answer = () => retry('full')
    const busy = await post(r.httpPort, '/v1/traces', spans(1), { origin, authorization: 'Bearer t' })
    assert.equal([busy.code, busy.headers['access-control-expose-headers'], busy.headers['retry-after']], [429, 'Retry-After', '1'])
  })
})

test('wildcards, headers and methods, by table', () => {
  const cors = (origins: string[], headers: string[] = []): Cors => new Cors({ allowed_origins: origins, allowed_headers: headers, max_age: 0 })
  const may = (c: Cors, origin: string, method = 'POST', headers = ''): boolean => c.preflight({ origin, 'access-control-request-method': method, 'access-control-request-headers': headers })['access-control-allow-origin'] !== undefined
  assert.ok(may(cors(['*']), 'null'))
  assert.equal(cors(['*']).answer('https://x')['access-control-allow-credentials'], undefined, 'never credentials for any page')
  assert.ok(may(cors(['http://localhost:*']), 'http://localhost:3000'))
  assert.not(may(cors(['http://localhost:*']), 'http://localhostX3000'))
  assert.not(may(cors(['https://a.example']), 'https://aXexample'), 'a dot is a dot')
  assert.ok(may(cors(['https://a.example']), 'HTTPS://A.example'))
  assert.not(may(cors(['https://a.example']), 'https://a.example', 'GET'))
  assert.not(may(cors(['https://a.example']), 'https://a.example', 'POST', 'x-other'))
  assert.ok(may(cors(['https://a.example'], ['*']), 'https://a.example', 'POST', 'x-other, y'))
  assert.not(may(cors(['https://*.example']), `https://${'x'.repeat(10_000)}.example`))
})

test.run()
