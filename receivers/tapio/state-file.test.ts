import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StateFile, type Progress } from './state-file.js'

const test = suite<{ folder: string, path: string }>('state file')

test.before.each(context => {
  context.folder = mkdtempSync(join(tmpdir(), 'tapio-state-'))
  context.path = join(context.folder, 'deep', 'state')
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true }))

const progress = (taken: number, collector = 'a'): Progress => ({ collector, epoch: 'e', taken, ids: new Uint8Array(32).fill(taken) })
const plain = (records: readonly Progress[]): object[] => records.map(r => ({ ...r, ids: Buffer.from(r.ids).toString('hex') }))

test('what was appended is there after opening it again', async ({ path }) => {
  const { file, loaded } = StateFile.open(path, true)
  assert.equal(loaded, { records: [], torn: 0 })
  for (const taken of [1, 2, 3]) await file.append(progress(taken))
  file.close()
  file.close()
  const again = StateFile.open(path, false)
  assert.equal(plain(again.loaded.records), plain([progress(1), progress(2), progress(3)]))
  again.file.close()
})

/** Guarantees: wherever the file is cut, the records before the cut are there, and it can be appended to. */
test('a file that is cut anywhere keeps its whole records', async ({ path }) => {
  const first = StateFile.open(path, false).file
  const ends = [first.size]
  for (const taken of [1, 2]) { await first.append(progress(taken)); ends.push(first.size) }
  first.close()
  const whole = readFileSync(path)
  for (let cut = 0; cut <= whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut))
    const { file, loaded } = StateFile.open(path, false)
    assert.is(loaded.records.length, ends.filter(end => end <= cut).length - (cut < (ends[0] as number) ? 0 : 1), `cut at ${cut}`)
    await file.append(progress(9))
    file.close()
    const again = StateFile.open(path, false)
    assert.is(again.loaded.records.at(-1)?.taken, 9)
    assert.is(again.loaded.torn, 0)
    again.file.close()
  }
})

test('a damaged record ends what is read, and the damage is told', async ({ path }) => {
  const { file } = StateFile.open(path, false)
  await file.append(progress(1))
  const end = file.size
  await file.append(progress(2))
  file.close()
  const bytes = readFileSync(path)
  bytes[end + 12] = (bytes[end + 12] as number) ^ 1
  writeFileSync(path, bytes)
  const again = StateFile.open(path, false)
  assert.equal([again.loaded.records.length, again.loaded.torn], [1, bytes.length - end])
  again.file.close()
})

test('what cannot be written is told, and a compaction that fails leaves the file in use', async ({ path }) => {
  const { file } = StateFile.open(path, false)
  mkdirSync(`${path}.new`)
  await file.append(progress(1))
  assert.throws(() => file.compact([]), /EISDIR|directory/i)
  await file.append(progress(2))
  file.close()
  let failure = ''
  await file.append(progress(3)).catch((error: Error) => { failure = error.message })
  assert.is(failure, 'it is closed')
  const again = StateFile.open(path, false)
  assert.equal(plain(again.loaded.records), plain([progress(1), progress(2)]))
  again.file.close()
})

test('a file of another kind is not touched', ({ folder }) => {
  const path = join(folder, 'notes.txt')
  appendFileSync(path, 'something else entirely')
  assert.throws(() => StateFile.open(path, false), /notes\.txt cannot be used: it exists and is no state file/)
  assert.is(readFileSync(path, 'utf8'), 'something else entirely')
})

test('compacting keeps what is given, and appending goes on behind it', async ({ path }) => {
  const { file } = StateFile.open(path, false)
  assert.not.ok(file.isDue)
  for (let i = 0; i < 9; i++) await file.append({ ...progress(i), ids: new Uint8Array(1024 * 1024) })
  assert.ok(file.isDue)
  file.compact([progress(7), progress(8, 'b')])
  assert.not.ok(file.isDue)
  await file.append(progress(9))
  assert.is(file.size, statSync(path).size)
  file.close()
  const { file: again, loaded } = StateFile.open(path, false)
  assert.equal(plain(loaded.records), plain([progress(7), progress(8, 'b'), progress(9)]))
  again.close()
})

test.run()
