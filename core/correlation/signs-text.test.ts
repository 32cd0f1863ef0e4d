import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { spanSign, type FailedSpan } from './signs-spans.js'
import { textSign } from './signs-text.js'

const error = 17

function signOf (text: string, severity = error): string {
  const seen = textSign(text, severity)
  return seen === undefined ? '-' : [seen.sign, ...Object.entries(seen.detail).map(([key, value]) => `${key}=${value}`)].join(' ')
}

test('what programs of many languages write', () => {
  const table: readonly (readonly [string, string])[] = [
    ['dial tcp 10.0.0.7:3306: connect: connection refused', 'net.connection_refused peer=10.0.0.7:3306'],
    ['read tcp 10.1.2.3:41000->10.0.0.7:5432: read: connection reset by peer', 'net.connection_reset peer=10.0.0.7:5432'],
    ['Error: connect ECONNREFUSED 10.0.0.7:6379', 'net.connection_refused peer=10.0.0.7:6379'],
    ['io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: orders/10.0.0.8:8080', 'net.connection_refused peer=orders:8080'],
    ['connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused', 'net.connection_refused peer=db:5432'],
    ['could not connect to server: Connection refused Is the server running on host "db" (10.0.0.1) and accepting TCP/IP connections on port 5432?', 'net.connection_refused peer=db:5432'],
    ['Error 111 connecting to cache:6379. Connection refused.', 'net.connection_refused peer=cache:6379'],
    ['2026/01/01 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.9.9.9, server: _, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.7:8080/a", host: "x"', 'net.connection_refused peer=10.0.0.7:8080'],
    ['rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.96.0.9:7070: connect: connection refused"', 'net.connection_refused peer=10.96.0.9:7070'],
    ['dial tcp: lookup cache on 10.96.0.10:53: no such host', 'net.dns_failure kind=not_found host=cache'],
    ['dial tcp: lookup cache.shop.svc on 10.96.0.10:53: read udp 10.1.1.1:4->10.96.0.10:53: i/o timeout', 'net.dns_failure kind=timeout host=cache.shop.svc'],
    ['getaddrinfo ENOTFOUND orders.shop', 'net.dns_failure kind=not_found host=orders.shop'],
    ['java.net.UnknownHostException: orders', 'net.dns_failure kind=not_found host=orders'],
    ['curl: (6) Could not resolve host: orders', 'net.dns_failure kind=not_found host=orders'],
    ['[Errno -3] Temporary failure in name resolution', 'net.dns_failure kind=timeout'],
    ['Get "https://api.shop:443/x": x509: certificate has expired or is not yet valid', 'net.tls_failure kind=expired peer=api.shop:443'],
    ['x509: certificate signed by unknown authority', 'net.tls_failure kind=unknown_authority'],
    ['http: TLS handshake error from 10.0.0.3:5000: EOF', 'net.tls_failure kind=handshake peer=10.0.0.3:5000'],
    ['dial tcp 10.0.0.7:443: i/o timeout', 'net.connection_timeout peer=10.0.0.7:443'],
    ['connect: no route to host', 'net.connection_unreachable'],
    ['rpc error: code = DeadlineExceeded desc = context deadline exceeded', 'app.timeout'],
    ['socket hang up', 'net.connection_reset'],
    ['no healthy upstream', 'net.proxy_error'],
    ['rpc error: code = Unavailable desc = the service is warming up', 'app.unavailable'],
    ['FATAL: remaining connection slots are reserved', 'app.connections_exhausted'],
    ['FATAL: password authentication failed for user "shop"', 'app.auth_failed'],
    ['open /data/x: permission denied', 'app.permission_denied'],
    ['pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods"', 'app.permission_denied'],
    ['write /var/x: no space left on device', 'app.no_space'],
    ['java.lang.OutOfMemoryError: Java heap space', 'app.out_of_memory'],
    ['accept4: too many open files', 'app.too_many_files'],
    ['listen tcp :8080: bind: address already in use', 'app.address_in_use'],
    ['open /etc/x.yaml: no such file or directory', 'app.file_missing'],
    ['environment variable DATABASE_URL is not set', 'app.config_error key=DATABASE_URL'],
    ["KeyError: 'DATABASE_URL'", 'app.config_error key=DATABASE_URL'],
    ['unknown flag: --prot', 'app.config_error'],
    ['exec /app: exec format error', 'app.exec_failed'],
    ['relation "orders" does not exist', 'app.data_missing name=orders'],
    ['panic: runtime error: index out of range', 'app.panic'],
    ['Traceback (most recent call last):\n  File "a.py", line 1', 'app.panic'],
    ['10.0.0.1 - - [01/Jan/2026:10:00:00 +0000] "GET /a HTTP/1.1" 503 12', 'app.http_5xx status=503'],
    ['something odd happened', 'app.log_error']
  ]
  for (const [text, expected] of table) assert.is(signOf(text), expected, text)
})

test('healthy noise is no trouble, whatever its severity says', () => {
  for (const text of [
    '10.0.0.1 - - [01/Jan/2026:10:00:00 +0000] "GET /error HTTP/1.1" 200 12', '10.0.0.1 - - [01/Jan/2026:10:00:00 +0000] "GET /missing HTTP/1.1" 404 12', 'finished with 0 errors', 'run complete: no errors',
    'processed 12 items, errors: 0', '{"level":"error","msg":"done","error":null}', 'reconnected successfully', ''
  ]) assert.is(signOf(text), '-', text)
  assert.is(signOf('all fine', 13), '-')
})

test('texts of any length are read in time', () => {
  for (const text of ['a'.repeat(100_000), 'lookup '.repeat(20_000), '"GET '.repeat(20_000), 'connect to '.repeat(20_000), 'x:'.repeat(50_000), 'no '.repeat(40_000), '(host "a"'.repeat(10_000)]) {
    const startMs = performance.now()
    textSign(text, error)
    assert.ok(performance.now() - startMs < 250, text.slice(0, 20))
  }
})

const span = (more: Partial<FailedSpan>): string => {
  const seen = spanSign({ kind: 2, statusMessage: '', exception: '', httpStatus: 0, grpcCode: NaN, peer: '', ...more })
  return seen === undefined ? '-' : [seen.sign, ...Object.entries(seen.detail).map(([key, value]) => `${key}=${value}`)].join(' ')
}

test('spans that failed', () => {
  assert.is(span({}), 'app.span_error')
  assert.is(span({ httpStatus: 503 }), 'app.http_5xx status=503')
  assert.is(span({ httpStatus: 404 }), '-')
  assert.is(span({ kind: 3, httpStatus: 404, peer: 'a:1' }), '-')
  assert.is(span({ kind: 3, httpStatus: 500, peer: 'cart:80' }), 'app.call_failed peer=cart:80 code=500')
  assert.is(span({ kind: 3, httpStatus: 429, peer: 'cart:80' }), 'app.rate_limited peer=cart:80')
  assert.is(span({ kind: 3, grpcCode: 14, peer: 'cart:80' }), 'app.unavailable peer=cart:80')
  assert.is(span({ kind: 3, statusMessage: 'connect ECONNREFUSED', peer: 'cart:80' }), 'net.connection_refused peer=cart:80')
  assert.is(span({ kind: 3, exception: 'Error: getaddrinfo ENOTFOUND cart', peer: 'cart:80' }), 'net.dns_failure kind=not_found host=cart')
})

test.run()
