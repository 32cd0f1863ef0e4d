/** Scenario: incidents in a store; the commands that show them, in this process, over a reader of a list and over a real store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import type { Incident } from '../incidents/incident.js'
import { imageIncident, incidents, longIncident, memoryIncident, unknownIncident } from '../incidents/testing/incidents.js'
import { openStore } from '../store/open.js'
import { addIncidentCommands } from './correlate.js'
import type { ExitName } from './exit-codes.js'
import type { IncidentReader, OpenReader } from './incident-reader.js'
import { openIncidents } from './open-incidents.js'

const test = suite('tapio incidents, correlate, explain')

interface Answer { readonly exit: ExitName, readonly out: string, readonly err: string }

async function run (open: OpenReader, args: readonly string[], terminal: { readonly columns?: number, readonly color?: boolean } = {}): Promise<Answer> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const io = { out: (text: string) => { out += text }, err: (text: string) => { err += text }, color: terminal.color === true, env: {}, modules: [], ...(terminal.columns !== undefined && { columns: terminal.columns }) }
  const program = new Command('tapio').exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err })
  addIncidentCommands(program, open, () => Promise.reject(new Error('not to be opened')), io, answer => { exit = answer })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { exit, out, err }
}

/** Two a page, so that pages are turned; it knows no question, as a store of another version might not. */
function reader (all: readonly Incident[], onClose = (): void => undefined): OpenReader {
  return () => Promise.resolve<IncidentReader>({
    incidents: (_query, { cursor = '0' }) => {
      const from = Number(cursor)
      return Promise.resolve({ incidents: all.slice(from, from + 2), ...(from + 2 < all.length && { next: String(from + 2) }) })
    },
    close: () => { onClose(); return Promise.resolve() }
  })
}

const ids = (out: string): string[] => (JSON.parse(out) as Incident[]).map(i => i.id)
const many = [...incidents, ...Array.from({ length: 7 }, (_, i) => ({ ...longIncident(3), id: `bbbbbbbbbbbbbbb${i}`, startMs: memoryIncident.startMs + 1000 * i }))]

test('incidents lists the newest first, one a line when piped', async () => {
  const { exit, out, err } = await run(reader(incidents), ['incidents'])
  assert.equal([exit, err], ['ok', ''])
  assert.equal(out.trimEnd().split('\n').map(line => line.split(/\s+/)[0]), ['ID', unknownIncident.id, imageIncident.id, memoryIncident.id])
})

const lists: readonly (readonly [what: string, args: readonly string[], ids: readonly string[]])[] = [
  ['open ones', ['--status', 'open'], [unknownIncident.id, memoryIncident.id]],
  ['those of a level or worse', ['--severity', 'medium'], [imageIncident.id, memoryIncident.id]],
  ['those not over before a time', ['--since', new Date(imageIncident.startMs).toISOString()], [unknownIncident.id, imageIncident.id]],
  ['the first few', ['--limit', '1'], [unknownIncident.id]]
]
for (const [what, args, expected] of lists) {
  test(`incidents lists ${what}`, async () => { assert.equal(ids((await run(reader(incidents), ['incidents', '-o', 'json', ...args])).out), expected) })
}

test('incidents says what it leaves out, and when there are none', async () => {
  assert.match((await run(reader(incidents), ['incidents', '--limit', '1'])).err, '2 older incidents are not shown: --limit 3')
  assert.equal(await run(reader([]), ['incidents']), { exit: 'ok', out: 'No incidents.\n', err: '' })
  assert.is((await run(reader([]), ['incidents', '-o', 'yaml'])).out, '[]\n')
})

const questions: readonly (readonly [what: string, args: readonly string[], ids: readonly string[]])[] = [
  ['a trace', ['--trace-id', '0AF7651916CD43DD8448EB211C80319C'], [memoryIncident.id]],
  ['the beginning of a trace id', ['--trace-id', '0af7651'], [memoryIncident.id]],
  ['a pod', ['--pod', 'shop/mysql-5432'], [memoryIncident.id]],
  ['a pod without its namespace', ['--pod', 'pay-6b7c9-x2x7q'], [imageIncident.id]],
  ['a service', ['--service', 'shop/cart'], [memoryIncident.id]],
  ['a node', ['--node', 'node-7'], [memoryIncident.id]],
  ['a node since later', ['--node', 'node-7', '--since', '2026-01-31T04:00:00Z'], []],
  ['a time: what is going on first', ['--since', '2026-01-31T03:00:00Z'], [unknownIncident.id, memoryIncident.id, imageIncident.id]],
  ['an incident by the beginning of its id', ['--incident', '5B1F'], [memoryIncident.id]]
]
for (const [what, args, expected] of questions) {
  test(`correlate finds by ${what}`, async () => {
    const { exit, out } = await run(reader(incidents), ['correlate', '-o', 'json', ...args])
    assert.equal([exit, ids(out)], ['ok', expected])
  })
}

test('correlate tells the story; explain the same one', async () => {
  const told = await run(reader(incidents), ['correlate', '--trace-id', '0af7651'], { columns: 100 })
  assert.match(told.out, /^CORRELATION SUMMARY\n═+\nRoot Cause: Memory exhaustion on node-7 affecting multiple pods\n/)
  assert.match(told.out, /\n {3}kubectl cordon node-7\n/)
  assert.equal(await run(reader(incidents), ['explain', '5b1f'], { columns: 100 }), told)
})

test('each form is the form it says', async () => {
  const explain = (format: string): Promise<Answer> => run(reader(incidents), ['explain', '5b1f', '-o', format])
  assert.equal(JSON.parse((await explain('json')).out), JSON.parse(JSON.stringify([memoryIncident])))
  assert.equal(parse((await explain('yaml')).out), JSON.parse(JSON.stringify([memoryIncident])))
  assert.match((await explain('markdown')).out, /^## Memory exhaustion/)
})

test('colours are for terminals that want them', async () => {
  assert.match((await run(reader(incidents), ['explain', '5b1f'], { color: true })).out, '\u001b[')
  for (const args of [['explain', '5b1f', '--no-color'], ['explain', '5b1f', '-o', 'markdown'], ['explain', '5b1f', '-o', 'json']]) assert.not.match((await run(reader(incidents), args, { color: true })).out, '\u001b')
  assert.not.match((await run(reader(incidents), ['incidents', '--no-color'], { color: true })).out, '\u001b')
})

test('people get the first three stories and are told of the rest; programs get all', async () => {
  const { out, err } = await run(reader(many), ['correlate', '--since', '2026-01-01T00:00:00Z'])
  assert.is(out.match(/CORRELATION SUMMARY/g)?.length, 3)
  assert.match(out, 'INCIDENT 1 OF 3')
  assert.match(err, 'shown are 3 of 10 incidents (--top 10 shows all)')
  assert.is(ids((await run(reader(many), ['correlate', '--since', '2026-01-01T00:00:00Z', '-o', 'json'])).out).length, 10)
})

test('what is not there is said plainly, and is no failure unless it was asked for by its id', async () => {
  const none = await run(reader(incidents), ['correlate', '--pod', 'shop/other', '--store', '/s'])
  assert.equal(none, { exit: 'ok', out: 'No incident about Pod shop/other is in /s.\n', err: '' })
  const missing = await run(reader(incidents), ['explain', 'ffff'])
  assert.equal([missing.exit, missing.out], ['failure', ''])
  assert.match(missing.err, 'has no incident ffff')
  const several = await run(reader(many), ['explain', 'bbbb'])
  assert.equal([several.exit, several.out], ['failure', ''])
  assert.match(several.err, /7 incidents begin with bbbb: bbbbbbbbbbbbbbb\d, /)
})

const wrong: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['no question', ['correlate'], /about what\?/],
  ['two questions', ['correlate', '--pod', 'a/b', '--node', 'c'], /cannot be used with/],
  ['a trace id that is none', ['correlate', '--trace-id', 'xyz'], /4 to 32 hex digits/],
  ['a pod with too many parts', ['correlate', '--pod', 'a/b/c'], /namespace\/name/],
  ['a time that is none', ['incidents', '--since', 'yesterday'], /a duration, as 10m/],
  ['no limit', ['incidents', '--limit', '0'], /above 0/],
  ['an id that is none', ['explain', 'node-7'], /hex digits/],
  ['another form', ['explain', '5b1f', '-o', 'html'], /Allowed choices/]
]
for (const [what, args, message] of wrong) {
  test(`${what} is a wrong command line`, async () => {
    const { exit, out, err } = await run(() => Promise.reject(new Error('not to be opened')), args)
    assert.equal([exit, out], ['usage', ''])
    assert.match(err, message)
  })
}

test('documents that are no incidents are counted, the rest is shown', async () => {
  const { out, err } = await run(reader([{ ...memoryIncident, impact: undefined } as unknown as Incident, imageIncident]), ['incidents', '-o', 'json'])
  assert.equal(ids(out), [imageIncident.id])
  assert.match(err, '1 incident in /var/lib/tapio/store could not be read')
})

test('a store that fails is said to, and closed', async () => {
  let closed = 0
  const failing: OpenReader = () => Promise.resolve({ incidents: () => Promise.reject(new Error('its disk\u001b[2J is gone')), close: () => { closed++; return Promise.resolve() } })
  assert.equal(await run(failing, ['incidents']), { exit: 'failure', out: '', err: 'tapio incidents: its disk is gone\n' })
  assert.is(closed, 1)
})

test('it reads the embedded store, also while it is written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-correlate-'))
  const store = await openStore(directory)
  try {
    for (const incident of incidents) await store.putIncident(incident)
    assert.equal(ids((await run(openIncidents, ['correlate', '--store', directory, '--service', 'shop/web', '-o', 'json'])).out), [memoryIncident.id])
    await store.putIncident({ ...memoryIncident, version: 9, title: 'changed' })
    assert.match((await run(openIncidents, ['incidents', '--store', directory])).out, 'changed')
  } finally {
    await store.close()
    await rm(directory, { recursive: true })
  }
})

test('without a store it says what to do', async () => {
  const { exit, err } = await run(openIncidents, ['incidents', '--store', '/nowhere/at/all'])
  assert.is(exit, 'failure')
  assert.match(err, /there is no store at \/nowhere\/at\/all.*--store/)
})

test.run()
