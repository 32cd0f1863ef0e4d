/**
 * Files that grow, are rotated in every way and come, with restarts between. Guarantees: each line once over all that; what is read again
 * has the same id. Kills: test/faults/cursors.
 */
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../core/component/clock.js'
import { accepted, retry } from '../../core/component/outcome.js'
import { parseOptions } from '../../core/config/options.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { encodeFrame, fileHeader, newMarker } from '../../core/data/file-format.js'
import { deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'
import { checkConfig, type FileReceiverConfig } from './config.js'
import { factory } from './factory.js'
import type { FileReceiver } from './receiver.js'
import { baseOf, rotatedNames } from './rotation.js'

interface Running extends TestBench { readonly receiver: FileReceiver, names(): string[], ids(): string[], seen(name: string): Promise<void>, stop(): Promise<void> }
interface Context { folder: string, log: string, running: Running[] }

const test = suite<Context>('files that are followed')
test.before.each(context => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-follow-'))
  Object.assign(context, { folder, log: join(folder, 'app.jsonl'), running: [] })
})
test.after.each(async ({ folder, running }) => {
  for (const one of running) await one.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function follow (context: Context, options: object = {}): Promise<Running> {
  const checked = parseOptions(factory, { paths: [context.log], follow: true, poll_interval: '10ms', state_file: join(context.folder, 'state', 'position'), batch_rows: 2, ...options })
  if (!checked.ok) throw new Error(JSON.stringify(checked))
  const bench = testBench('receiver', 'file', checked.value, { clock: systemClock })
  const receiver = await factory.create(bench.services) as FileReceiver
  await receiver.start(bench.host)
  const rows = (what: 'name' | 'id'): string[] => bench.next.batches.flatMap(b => [...b].map(r => r.get(what) ?? ''))
  const running: Running = {
    ...bench, receiver, names: () => rows('name'), ids: () => rows('id'),
    seen: async name => {
      for (const end = Date.now() + 20_000; !rows('name').includes(name);) {
        if (Date.now() > end) throw new Error(`never came: ${name}; came ${rows('name').join()}; ${JSON.stringify(bench.logger.lines)}`)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    },
    stop: () => receiver.stop(deadlineIn(5000))
  }
  context.running.push(running)
  return running
}

const line = (name: string): string => `{"name":"${name}"}\n`
const upTo = (n: number): string[] => Array.from({ length: n }, (_, i) => `n${i}`)
const write = (path: string, from: number, to: number): void => { appendFileSync(path, upTo(to).slice(from).map(line).join('')) }

test('a line is read when it is whole, and a restart goes on behind what was delivered', async context => {
  const { log } = context
  write(log, 0, 3)
  appendFileSync(log, '{"name":"n')
  const first = await follow(context)
  await first.seen('n2')
  appendFileSync(log, '3"}\n')
  await first.seen('n3')
  await first.stop()
  write(log, 4, 6)
  const second = await follow(context)
  await second.seen('n5')
  await second.stop()
  assert.equal([...first.names(), ...second.names()], upTo(6))
  assert.is(new Set([...first.ids(), ...second.ids()]).size, 6)
  assert.is(first.meter.values.get('damaged_regions'), undefined)
})

test('killed with the first lines of an empty file, which is then copied and cut off: they come again with the same ids', async context => {
  const { log, folder } = context
  const state = join(folder, 'state', 'position')
  writeFileSync(log, '')
  const first = await follow(context)
  for (const endMs = performance.now() + 20_000; !existsSync(state) && performance.now() < endMs;) await new Promise(resolve => setTimeout(resolve, 2))
  // What a kill at the first delivery leaves.
  let left: Buffer | undefined
  first.next.answer = () => { left ??= readFileSync(state); return accepted }
  write(log, 0, 4)
  await first.seen('n3')
  await first.stop()
  writeFileSync(state, left as Buffer)
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  write(log, 4, 5)
  const second = await follow(context)
  await second.seen('n4')
  await second.seen('n3')
  const idOf = (running: Running, name: string): string | undefined => running.ids()[running.names().indexOf(name)]
  for (const name of upTo(4)) assert.is(idOf(second, name), idOf(first, name), name)
})

test('what was not taken before the end comes again, with the same ids', async context => {
  write(context.log, 0, 4)
  const first = await follow(context)
  const offered: string[] = []
  first.next.answer = batch => { offered.push(...[...batch].map(r => r.get('id') as string)); return retry('full') }
  while (offered.length === 0) await new Promise(resolve => setTimeout(resolve, 2))
  await first.receiver.stop({ signal: AbortSignal.abort(), atMs: 0 })
  assert.ok((first.drops.get('shutdown') ?? 0) > 0)
  const second = await follow(context)
  await second.seen('n3')
  assert.equal(second.ids().slice(0, 2), offered.slice(0, 2))
  assert.equal(second.names(), upTo(4))
})

const rotations: Record<string, (log: string) => void> = {
  'renamed': log => { renameSync(log, `${log}.1`); writeFileSync(log, '') },
  'renamed by date': log => { renameSync(log, `${log}-20260131`); writeFileSync(log, '') },
  'copied and cut off': log => { copyFileSync(log, `${log}.1`); truncateSync(log) },
  'renamed and compressed': log => { writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(log))); unlinkSync(log); writeFileSync(log, '') }
}

for (const [how, rotate] of Object.entries(rotations)) {
  for (const when of ['while it is read', 'while nobody reads'] as const) {
    test(`a file that is ${how} ${when}: its rest is read, and then the new one`, async context => {
      const { log } = context
      write(log, 0, 5)
      const first = await follow(context)
      await first.seen('n4')
      if (when === 'while nobody reads') await first.stop()
      write(log, 5, 8)
      rotate(log)
      write(log, 8, 10)
      const last = when === 'while nobody reads' ? await follow(context) : first
      await last.seen('n9')
      await last.seen('n7')
      await last.stop()
      const names = last === first ? first.names() : [...first.names(), ...last.names()]
      assert.equal([...names].sort(), upTo(10))
    })
  }
}

test('rotated twice while nobody reads: all three are read, oldest first; what was rotated before the first start is no news', async context => {
  const { log } = context
  writeFileSync(`${log}.1`, line('ancient'))
  write(log, 0, 2)
  const first = await follow(context)
  await first.seen('n1')
  await first.stop()
  write(log, 2, 4)
  renameSync(`${log}.1`, `${log}.2.old`)
  renameSync(log, `${log}.2`)
  utimesSync(`${log}.2`, 1e9, 1e9)
  writeFileSync(`${log}.1`, ['n4', 'n5'].map(line).join(''))
  utimesSync(`${log}.1`, 1e9 + 60, 1e9 + 60)
  write(log, 6, 8)
  const second = await follow(context)
  await second.seen('n7')
  await second.stop()
  assert.equal([...first.names(), ...second.names()], upTo(8))
})

test('a rotated file that nobody writes to any more has its last line read, whole or not', async context => {
  const { log } = context
  writeFileSync(log, `${line('n0')}{"name":"n1"}`)
  const running = await follow(context)
  await running.seen('n0')
  renameSync(log, `${log}.1`)
  utimesSync(`${log}.1`, Date.now() / 1000 - 60, Date.now() / 1000 - 60)
  await running.seen('n1')
  await running.stop()
  assert.equal(running.names(), ['n0', 'n1'])
})

test('what is cut off or removed before it was delivered is said and counted', async context => {
  const { log, folder } = context
  write(log, 0, 2)
  const running = await follow(context)
  await running.seen('n1')
  let offered = 0
  running.next.answer = () => { offered++; return retry('full') }
  write(log, 2, 200)
  while (offered === 0) await new Promise(resolve => setTimeout(resolve, 2))
  await running.receiver.stop({ signal: AbortSignal.abort(), atMs: 0 })
  const size = readFileSync(log).length
  writeFileSync(log, line('new'))
  const again = await follow(context)
  await again.seen('new')
  while (again.meter.values.get('unread') === undefined) await new Promise(resolve => setTimeout(resolve, 2))
  await again.stop()
  assert.is(again.meter.values.get('unread'), size - 2 * line('n0').length)
  assert.equal(again.logger.lines.filter(l => l.message.startsWith('a followed file was cut off')).map(l => l.fields?.['file']), [join(folder, 'app.jsonl')])
})

test('a recording that grows: a torn end waits, damage between whole batches is skipped and counted, a restart begins at a batch', async context => {
  const path = join(context.folder, 'events.tapio')
  const marker = newMarker()
  const frame = (name: string): Buffer => {
    const builder = new BatchBuilder()
    builder.append({ name })
    builder.append({ name: `${name}'` })
    return encodeFrame(builder.finish(), marker)
  }
  writeFileSync(path, Buffer.concat([fileHeader(marker), frame('a')]))
  const torn = frame('b')
  appendFileSync(path, torn.subarray(0, 40))
  const first = await follow(context, { paths: [path] })
  await first.seen("a'")
  appendFileSync(path, torn.subarray(40))
  await first.seen("b'")
  await first.stop()
  appendFileSync(path, Buffer.concat([frame('lost').subarray(0, 60), frame('c')]))
  const second = await follow(context, { paths: [path] })
  await second.seen("c'")
  renameSync(path, join(context.folder, 'events-20260131T120000.000Z.tapio'))
  writeFileSync(path, Buffer.concat([fileHeader(marker), frame('d')]))
  await second.seen("d'")
  await second.stop()
  assert.equal([...first.names(), ...second.names()], ['a', "a'", 'b', "b'", 'c', "c'", 'd', "d'"])
  assert.is(new Set([...first.ids(), ...second.ids()]).size, 8)
  assert.equal([first.meter.values.get('damaged_regions'), second.meter.values.get('damaged')], [undefined, 60])
})

test('files that come into a directory are read, and one that was there before is not read again', async context => {
  const { folder } = context
  const directory = mkdtempSync(join(folder, 'in-'))
  writeFileSync(join(directory, 'b.jsonl'), line('b'))
  const first = await follow(context, { paths: [directory] })
  await first.seen('b')
  writeFileSync(join(directory, 'a.jsonl'), line('a'))
  await first.seen('a')
  await first.stop()
  appendFileSync(join(directory, 'b.jsonl'), line('more'))
  const second = await follow(context, { paths: [directory] })
  await second.seen('more')
  await second.stop()
  assert.equal([...first.names(), ...second.names()], ['b', 'a', 'more'])
})

test('a state file that is damaged or cannot be written is said; files are then read from their start', async context => {
  write(context.log, 0, 2)
  const first = await follow(context)
  await first.seen('n1')
  await first.stop()
  const path = join(context.folder, 'state', 'position')
  writeFileSync(path, readFileSync(path, 'utf8').replace('offset', 'offsat'))
  const second = await follow(context)
  await second.seen('n1')
  await second.stop()
  assert.equal(second.names(), upTo(2))
  assert.equal(second.logger.lines.filter(l => l.message.startsWith('the state file is of no use')).map(l => l.fields?.['reason']), ['it is damaged: its checksum is wrong'])
  const third = await follow(context, { state_file: join(context.log, 'below-a-file') })
  await third.seen('n1')
  await third.stop()
  assert.ok(third.status.events.some(e => e.startsWith('degraded: how far files were read cannot be kept')))
})

test('names of rotated files', () => {
  assert.equal(rotatedNames('/l/app.log', ['app.log', 'app.log.1', 'app.log.12.gz', 'app.log-20260131', 'app.log-20260131.gz', 'app.log.bak', 'app.log.1.gz.partial', 'app.logs.1', 'xapp.log.1']), ['app.log.1', 'app.log.12.gz', 'app.log-20260131', 'app.log-20260131.gz'])
  assert.equal(rotatedNames('/l/e.tapio', ['e.tapio', 'e-20260131T120000.000Z.tapio', 'e-20260131T120000.000Z-1.tapio.gz', 'f-20260131T120000.000Z.tapio']), ['e-20260131T120000.000Z.tapio', 'e-20260131T120000.000Z-1.tapio.gz'])
  assert.is(baseOf('/l/e-20260131T120000.000Z-1.tapio.gz'), '/l/e.tapio')
  assert.is(baseOf('/l/e.jsonl.gz'), '/l/e.jsonl.gz')
})

test('options that do not go together are found', () => {
  const asIs: FileReceiverConfig = { paths: ['x'], format: 'auto', timing: 'asap', speed: 10, max_gap: 0, rewrite_times: 'keep', loop: false, on_end: 'keep', batch_rows: 256, max_frame_bytes: 1 << 20, follow: true, poll_interval: 250 }
  const faults = (options: Partial<FileReceiverConfig>): string[] => checkConfig({ ...asIs, ...options }).map(f => f.path.join('.'))
  assert.equal(faults({ loop: true, timing: 'original', rewrite_times: 'now', on_end: 'stop' }), ['loop', 'timing', 'rewrite_times', 'on_end'])
  assert.equal(faults({ follow: false, state_file: 'x' }), ['state_file'])
  assert.equal(faults({ state_file: 'x' }), [])
})

test.run()
