/** Scenario: `tapio raw` on a store that was written and closed: the command in this process, and twice as people run it. */
import { spawnSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit, exitRecord, oom, openForTest } from '../rawstore/records-for-test.js'
import { listSegments } from '../rawstore/segments.js'
import { codeOf, type ExitName } from './exit-codes.js'
import { createProgram } from './program.js'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js')
const test = suite('tapio raw')
const { store, directory } = await openForTest()
const nowNano = BigInt(Date.now()) * 1_000_000n
for (let i = 0; i < 150; i++) store.append(exit.id, nowNano - 3_600_000_000_000n + BigInt(i), 5n, 100 + i, exitRecord(100 + i, i))
store.append(oom.id, nowNano, 2n ** 63n, 7, exitRecord(7, 0))
store.append(77, nowNano, 5n, 8, Buffer.from('abc'))
await store.close()
test.after(() => rm(directory, { recursive: true }))

interface Answer { readonly code: number | null, readonly out: string, readonly err: string }

async function raw (...args: string[]): Promise<Answer> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const io = { out: (text: string) => { out += text }, err: (text: string) => { err += text }, color: false, env: {}, modules: [] }
  const program = createProgram('0', io, () => Promise.reject(new Error('nothing is run here')), answer => { exit = answer })
  try {
    await program.parseAsync(['raw', '--dir', directory, ...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { code: codeOf(exit), out, err }
}

function rawProcess (...args: string[]): Answer {
  const done = spawnSync(process.execPath, [main, 'raw', '--dir', directory, ...args], { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '1' } })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

const lines = (out: string): Record<string, unknown>[] => out.trimEnd().split('\n').filter(l => l !== '').map(l => JSON.parse(l) as Record<string, unknown>)

test('JSON is one object a line with the record\'s fields, all records, nothing on stderr', async () => {
  const { code, out, err } = await raw('-o', 'json')
  assert.equal([code, err, lines(out).length], [0, '', 152])
  const { id, time, fields, ...first } = lines(out)[0] as { id: string, time: string, fields: Record<string, unknown> }
  assert.equal(first, { timeUnixNano: String(nowNano - 3_600_000_000_000n), type: 'exit', cgroupId: '5', pid: 100 })
  assert.is(id, `${store.segment}:0`)
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  assert.equal([fields['comm'], fields['time_ns'], fields['rest']], ['worker', String(2n ** 63n + 100n), Buffer.alloc(68).toString('base64')])
})

test('since, until, type, pid and cgroup choose', async () => {
  assert.equal(lines((await raw('-o', 'json', '--since', '10m')).out).map(r => r['type']), ['oom_kill', '77'])
  assert.is(lines((await raw('-o', 'json', '--until', '10m')).out).length, 150)
  assert.is(lines((await raw('-o', 'json', '--since', '2001-01-01T00:00:00Z')).out).length, 152)
  assert.equal(lines((await raw('-o', 'json', '--type', 'oom_kill')).out).map(r => [r['pid'], r['cgroupId']]), [[7, String(2n ** 63n)]])
  assert.is(lines((await raw('-o', 'json', '--type', 'oom_kill', '--type', 'exit')).out).length, 151)
  assert.equal(lines((await raw('-o', 'json', '--cgroup', '5', '--pid', '8', '--bytes')).out).map(r => [r['type'], r['fields'], r['bytes']]), [['77', {}, 'YWJj']])
  assert.is(lines((await raw('-o', 'json', '--cgroup', String(2n ** 64n - 1n))).out).length, 0)
  assert.equal(await raw('-o', 'json', '--pid', '99999'), { code: 0, out: '', err: '' })
})

test('pages of JSON say where to go on', async () => {
  const first = await raw('-o', 'json', '--limit', '100')
  const id = /--after (\S+)/.exec(first.err)?.[1] as string
  assert.equal([lines(first.out).length, lines(first.out).at(-1)?.['id']], [100, id])
  assert.is(lines((await raw('-o', 'json', '--after', id)).out).length, 52)
})

test('a limit above what a table may have costs no record of JSON, the last ones neither', async () => {
  const long = await openForTest()
  try {
    for (let i = 0; i < 10_050; i++) {
      long.store.append(exit.id, nowNano, 5n, i, exitRecord(i, 0, 40))
      if (i % 1000 === 0) await long.store.flush()
    }
    await long.store.close()
    const first = lines((await raw('--dir', long.directory, '-o', 'json', '--limit', '10020')).out)
    assert.equal([first.length, first[0]?.['pid'], first.at(-1)?.['pid']], [10_020, 0, 10_019])
    const last = await raw('--dir', long.directory, '-o', 'json', '--last', '10020')
    assert.equal([lines(last.out).length, lines(last.out).at(-1)?.['pid']], [10_000, 10_049])
    assert.match(last.err, '50 earlier records are not shown')
  } finally {
    await rm(long.directory, { recursive: true })
  }
})

test('as people run it: the table has the newest, says how many it left out, and no colour when NO_COLOR is set', () => {
  const { out, err } = rawProcess()
  assert.match(out, /oom_kill +│ 7 /)
  assert.match(out, /code=149/)
  assert.not.match(out, /code=10 /)
  assert.match(err, '52 earlier records are not shown')
  assert.not.match(out, '\u001b')
})

test('the last so many, or that there are none', async () => {
  assert.is((await raw('--last', '1')).out.split('\n').filter(l => l.includes(store.segment)).length, 1)
  assert.is((await raw('--pid', '99999')).out, 'no records\n')
})

test('one record by its id, as the attribute of its event says it', async () => {
  const { out } = await raw('--id', `${store.segment}:3`)
  assert.match(out, /comm +│ worker/)
  assert.is(lines((await raw('--id', `${store.segment}:3`, '-o', 'json')).out)[0]?.['pid'], 103)
  const gone = await raw('--id', `${store.segment}:9999`)
  assert.is(gone.code, 1)
  assert.match(gone.err, 'never written or is not kept any more')
})

const wrong: [string, string[], RegExp][] = [
  ['a time that is none', ['--since', 'yesterday'], /--since.*give a duration/s],
  ['a cgroup path', ['--cgroup', '/docker/x'], /stat -c %i/],
  ['a cgroup number above 64 bits', ['--cgroup', String(2n ** 64n)], /stat -c %i/],
  ['a pid that is none', ['--pid', '-3'], /whole number/],
  ['an id that is none', ['--id', '7'], /SEGMENT:NUMBER/]
]
for (const [what, args, expected] of wrong) {
  test(`${what} is a usage error`, async () => {
    const { code, err } = await raw(...args)
    assert.is(code, 2)
    assert.match(err, expected)
  })
}

test('as people run it: a usage error has its exit code', () => {
  const { code, err } = rawProcess('--pid', '0')
  assert.is(code, 2)
  assert.match(err, /whole number/)
})

test('a directory that is not there is said with what to do', async () => {
  const { code, err } = await raw('--dir', '/does/not/exist')
  assert.is(code, 1)
  assert.match(err, /cannot read \/does\/not\/exist.*--dir/)
})

test('a torn end is silent, damage is said on stderr and costs only its block', async () => {
  const path = (await listSegments(directory))[0]?.path as string
  const whole = await readFile(path)
  await writeFile(path, Buffer.concat([whole.subarray(0, -20), Buffer.from('torn')]))
  assert.equal([(await raw('-o', 'json')).err, lines((await raw('-o', 'json')).out).length], ['', 152])
  const hurt = Buffer.from(whole)
  hurt.fill(0, 1000, 1100)
  await writeFile(path, hurt)
  assert.match((await raw('-o', 'json')).err, '1 damaged place in')
})

test.run()
