import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger, type LoggerOptions } from './pino-logger.js'

type Line = Record<string, unknown>

function capture (options: LoggerOptions = {}) {
  const raw: string[] = []
  const logger = createLogger({ level: 'debug', ...options, destination: { write: line => { raw.push(line) } } })
  return { logger, raw, lines: () => raw.map(line => JSON.parse(line) as Line) }
}

test('a JSON line carries level, ISO time, base and child fields, fields and message', () => {
  const { logger, lines, raw } = capture({ base: { thread: 'main' } })
  logger.child({ component: 'exporter/otlp' }).warn('it %s fails %d%%', { attempt: 3 })
  const [line] = lines()
  assert.equal({ ...line, time: 'T' }, { level: 'warn', time: 'T', thread: 'main', component: 'exporter/otlp', attempt: 3, msg: 'it %s fails %d%%' })
  assert.match(String(line!['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.ok(raw[0]!.endsWith('}\n'))
})

test('lines below the level are not printed and their fields not even read', () => {
  const { logger, raw } = capture({ level: 'warn' })
  logger.info('no', { get boom (): string { throw new Error('read') } })
  logger.error('yes')
  assert.is(raw.length, 1)
})

test('no key appears twice, whatever fields are called', () => {
  const { logger, raw } = capture({ base: { thread: 'main', level: 'fake', hasOwnProperty: 1, ['__proto__']: { a: 1 }, toJSON: 1 } })
  logger.child({ thread: 'w1' }).info('m', { thread: 'mine', msg: 'x', time: 1, level: 'error' })
  for (const key of ['thread', 'msg', 'time', 'level']) assert.is(raw[0]!.split(`"${key}":`).length, 2, key)
  assert.is((JSON.parse(raw[0]!) as Line)['thread'], 'w1')
  assert.is((JSON.parse(raw[0]!) as Line)['thread_'], 'mine')
})

const secretCases: [string, Line][] = [
  ['plain key', { password: 'hunter2-S3' }],
  ['upper case', { PASSWORD: 'hunter2-S3' }],
  ['header name', { headers: { Authorization: 'hunter2-S3' } }],
  ['dashes', { 'x-api-key': 'hunter2-S3' }],
  ['camel case', { options: { tls: { privateKey: 'hunter2-S3' } } }],
  ['inside an array', { list: [{ 'Set-Cookie': 'hunter2-S3' }] }],
  ['inside a map', { map: new Map([['client_secret', 'hunter2-S3']]) }],
  ['a whole object under a secret key', { credentials: { user: 'a', value: 'hunter2-S3' } }],
  ['numbers too', { token: 73735 }],
  ['key/value pair', { attributes: [{ key: 'http.request.header.authorization', value: 'hunter2-S3' }] }],
  ['bearer in a value', { header: 'authorization: Bearer hunter2-S3' }],
  ['raw header list', { rawHeaders: ['Authorization', 'Basic hunter2-S3'] }],
  ['password in a URL', { endpoint: 'nats://tapio:hunter2-S3@broker:4222' }],
  ['in an error', { error: new Error('connect amqp://u:hunter2-S3@h failed') }],
  ['in a cause', { error: new Error('x', { cause: new Error('got Bearer hunter2-S3') }) }],
  ['own property of an error', { error: Object.assign(new Error('x'), { config: { auth: { passwd: 'hunter2-S3' } } }) }],
  ['PEM', { key_file: '-----BEGIN RSA PRIVATE KEY-----\nhunter2-S3\n-----END RSA PRIVATE KEY-----' }],
  ['query string', { url: 'https://h/v1?x=1&api_key=hunter2-S3&y=2' }],
  ['command line', { args: ['--auth-token=hunter2-S3'] }],
  ['JSON in an error', { error: new Error('got {"clientSecret": "hunter2-S3"}') }],
  ['URL object', { url: new URL('http://u:hunter2-S3@h/') }]
]

for (const format of ['json', 'pretty'] as const) {
  test(`secrets are never printed (${format})`, () => {
    for (const [name, fields] of secretCases) {
      const { logger, raw } = capture({ format, color: false })
      logger.info('m', fields)
      logger.child(fields).info('m')
      logger.info(`failed with Bearer hunter2-S3 for http://a:hunter2-S3@b/`)
      assert.is(raw.length, 3)
      for (const line of raw) {
        assert.not.match(line, /hunter2|73735/, name)
        assert.match(line, /\[redacted\]/, name)
      }
    }
  })
}

test('words that only resemble secrets stay readable', () => {
  const { logger, lines } = capture()
  logger.info('bearer authentication is configured; unexpected token: }', { author: 'x', basic: true, password: false, key: 'k', url: 'http://host:80/a@b' })
  const { author, password, key, url, msg } = lines()[0]!
  assert.equal({ author, password, key, url, msg }, { author: 'x', password: false, key: 'k', url: 'http://host:80/a@b', msg: 'bearer authentication is configured; unexpected token: }' })
})

test('an error is printed with type, message, stack, cause and its own properties', () => {
  class DiskFull extends Error {}
  const cause = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
  const { logger, lines } = capture()
  logger.error('m', { error: new DiskFull('cannot write', { cause }), all: new AggregateError([new TypeError('t')], 'many') })
  const error = lines()[0]!['error'] as Line
  assert.is(error['type'], 'DiskFull')
  assert.is(error['message'], 'cannot write')
  assert.match(String(error['stack']), /pino-logger\.test/)
  assert.is((error['cause'] as Line)['code'], 'ENOSPC')
  assert.is(((lines()[0]!['all'] as Line)['errors'] as Line[])[0]!['type'], 'TypeError')
})

test('values JSON cannot hold are printed, not thrown', () => {
  const loop: Line = { n: 1n, nan: NaN, f: () => 1, s: Symbol('s'), bytes: new Uint8Array(7), date: new Date(0), set: new Set([1]) }
  loop['self'] = loop
  const { logger, lines } = capture()
  logger.info('m', loop)
  logger.info('m', { get a (): string { throw new Error('getter') } })
  logger.info('m', { v: new Proxy({}, { ownKeys () { throw new Error('trap') } }) })
  logger.info('m', { v: { toJSON () { throw new Error('no') } } })
  const [first, getter, proxy, toJson] = lines()
  assert.is(first!['n'], '1')
  assert.is(first!['nan'], 'NaN')
  assert.is(first!['bytes'], '[7 bytes]')
  assert.is(first!['date'], '1970-01-01T00:00:00.000Z')
  assert.equal(first!['set'], [1])
  assert.is(first!['self'], '[circular]')
  assert.is(getter!['fields'], '[unreadable]')
  assert.is(proxy!['v'], '[unreadable]')
  assert.is(toJson!['v'], '[unreadable]')
})

/** Random nested values from a seed, so that a failure can be repeated. */
function randomValue (random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * 8)
  if (kind === 0) return random() * 1e18
  if (kind === 1) return '\u0001"\\é漢\n😀\ud800'.repeat(Math.floor(random() * 300))
  if (kind === 2) return new Error('e'.repeat(Math.floor(random() * 3000)))
  if (kind < 5 || depth > 7 || random() < depth / 4) return random() > 0.5 ? 'x'.repeat(Math.floor(random() * 40)) : null
  if (kind === 5) return Array.from({ length: Math.floor(random() * (depth === 0 ? 100 : 4)) }, () => randomValue(random, depth + 1))
  return Object.fromEntries(Array.from({ length: Math.floor(random() * (depth === 0 ? 20 : 4)) }, (_, i) => [`k${i}\u0002`.repeat(1 + Math.floor(random() * 20)), randomValue(random, depth + 1)]))
}

test('a JSON line never exceeds 4096 bytes (PIPE_BUF) and always parses, whatever is logged', () => {
  let seed = 42
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647
  const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 1500
  let longest = 0
  for (let i = 0; i < rounds; i++) {
    const { logger, raw } = capture({ base: { b: randomValue(random, 0) } })
    logger.info('m"\u0000'.repeat(Math.floor(random() * 2000)), { f: randomValue(random, 0), g: randomValue(random, 0) })
    const bytes = Buffer.byteLength(raw[0]!)
    assert.ok(bytes <= 4096, `${bytes} bytes in round ${i}`)
    assert.type(JSON.parse(raw[0]!), 'object')
    longest = Math.max(longest, bytes)
  }
  assert.ok(longest > 2048, 'the rounds reached the limit')
})

test('a message or field of 50 MB is cut', () => {
  const { logger, lines } = capture()
  logger.info('x'.repeat(50_000_000), { v: 'a.'.repeat(25_000_000) })
  assert.match(String(lines()[0]!['msg']), /^x{1000,2100}…\[cut\]$/)
  assert.match(String(lines()[0]!['v']), /…\[cut\]$/)
})

test('pretty lines cannot forge lines or drive the terminal', () => {
  const { logger, raw } = capture({ format: 'pretty', color: false })
  logger.info('a\nERROR: forged \u001b[2Jgone', { 'k\u001b': 'v\u001b]0;t\u0007\r\n' })
  assert.is(raw[0]!.split('\n').length, 2)
  assert.not.match(raw[0]!, /[\u001b\u0007\r]/)
  assert.match(raw[0]!, /\\x1b\[2Jgone/)
})

test('pretty lines have colour when asked, and none otherwise', () => {
  for (const color of [true, false]) {
    const { logger, raw } = capture({ format: 'pretty', color })
    logger.warn('m', { a: 1 })
    assert.is(raw[0]!.includes('\u001b['), color)
  }
})

const moduleUrl = new URL('./pino-logger.js', import.meta.url).href

test('lines of several threads on one pipe stay whole, and the last line before a crash is there', () => {
  const program = `
    import { Worker } from 'node:worker_threads'
    const body = n => \`import(\${JSON.stringify(${JSON.stringify(moduleUrl)})}).then(({ createLogger }) => {
      const logger = createLogger({ base: { thread: 'w\${n}' } })
      for (let i = 0; i < 400; i++) logger.info('x'.repeat(i * 5), { i })
    })\`
    const { createLogger } = await import(${JSON.stringify(moduleUrl)})
    const logger = createLogger({ base: { thread: 'main' } })
    await Promise.all([1, 2, 3].map(n => new Promise(done => new Worker(body(n), { eval: true }).once('exit', done))))
    logger.error('last words')
    process.kill(process.pid, 'SIGKILL')`
  const { stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', maxBuffer: 1 << 26 })
  assert.is(signal, 'SIGKILL', stderr.slice(0, 2000))
  const lines = stderr.trimEnd().split('\n').map(line => JSON.parse(line) as Line)
  assert.is(lines.length, 1201)
  for (const n of [1, 2, 3]) assert.equal(lines.filter(l => l['thread'] === `w${n}`).map(l => l['i']), Array.from({ length: 400 }, (_, i) => i))
  assert.is(lines.at(-1)!['msg'], 'last words')
})

test('a reader that stops reading does not stop the process, and learns how many lines it missed', async () => {
  const program = `
    const { createLogger } = await import(${JSON.stringify(moduleUrl)})
    const logger = createLogger()
    let i = 0
    const log = () => logger.info('x'.repeat(1000), { i: i++ })
    while (i < 3000) log()
    process.stdout.write('full ')
    process.stdin.on('data', log).on('end', () => process.stdout.write(String(i)))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'pipe' })
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  try {
    let out = ''
    child.stdout.on('data', (data: Buffer) => { out += data.toString() })
    await once(child.stdout, 'data')
    let text = ''
    // Every bit read makes room and asks for one more line, until one got through and told what was lost before it.
    child.stderr.on('data', (data: Buffer) => {
      text += data.toString()
      if (/"lines":\d+.*\n/.test(text)) child.stdin.end()
      else child.stdin.write('more')
    })
    await once(child, 'close')
    const lines = text.trimEnd().split('\n').map(line => JSON.parse(line) as Line)
    const lost = lines.reduce((sum, line) => sum + Number(line['lines'] ?? 0), 0)
    assert.ok(lost > 1000)
    assert.is(`full ${lines.filter(line => 'i' in line).length + lost}`, out)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
})

test('NO_COLOR and a descriptor that is no terminal both mean no colour', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tapio-log-'))
  try {
    const program = `const { createLogger } = await import(${JSON.stringify(moduleUrl)}); createLogger({ format: 'pretty' }).info('m', { a: 1 })`
    const run = `${process.execPath} --input-type=module -e '${program.replaceAll("'", "'\\''")}'`
    const { stderr } = spawnSync('sh', ['-c', run], { encoding: 'utf8' })
    assert.match(stderr, /INFO.*: m/)
    assert.not.match(stderr, /\u001b/)
    if (spawnSync('script', ['--version']).error !== undefined) {
      console.log('SKIP colour on a terminal: script(1) is not installed')
      return
    }
    for (const [noColor, colored] of [['', true], ['1', false]] as const) {
      const file = join(dir, `out${noColor}`)
      spawnSync('script', ['-qec', run, file], { env: { ...process.env, NO_COLOR: noColor }, stdio: 'ignore' })
      const text = readFileSync(file, 'utf8')
      assert.match(text, /INFO/)
      assert.is(text.includes('\u001b[3'), colored, `NO_COLOR=${noColor}`)
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})


test.run()
