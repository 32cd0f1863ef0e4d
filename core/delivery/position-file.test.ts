import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parsePosition, PositionKeeper, readPosition, writePosition } from './position-file.js'

const test = suite<{ folder: string }>('position file')
test.before.each(context => { context.folder = mkdtempSync(join(tmpdir(), 'tapio-position-')) })
test.after.each(({ folder }) => { rmSync(folder, { recursive: true, force: true }) })

test('what was written is read, in a directory that was not there, by its owner only', async ({ folder }) => {
  const path = join(folder, 'deep', 'er', 'position')
  assert.equal(await readPosition(path), { status: 'none' })
  await writePosition(path, { cursor: 'ä', files: [1] })
  assert.equal(await readPosition(path), { status: 'read', value: { cursor: 'ä', files: [1] } })
  await writePosition(path, { cursor: 'later' })
  assert.equal(await readPosition(path), { status: 'read', value: { cursor: 'later' } })
  assert.is(statSync(path).mode & 0o777, 0o600)
  assert.equal(readdirSync(join(folder, 'deep', 'er')), ['position'])
})

test('every cut and every changed byte is found, and said', async ({ folder }) => {
  const path = join(folder, 'position')
  await writePosition(path, { cursor: 's=1;i=2' })
  const whole = readFileSync(path)
  for (let length = 0; length < whole.length; length++) assert.is(parsePosition(whole.toString('utf8', 0, length)).status, 'useless', `cut at ${length}`)
  for (let at = 0; at < whole.length; at++) {
    const hurt = Buffer.from(whole)
    hurt[at] = (hurt[at] as number) ^ 0x01
    assert.is(parsePosition(hurt.toString()).status, 'useless', `changed at ${at}`)
  }
  const reason = (text: string): string => { const read = parsePosition(text); return read.status === 'useless' ? read.reason : '' }
  assert.match(reason('{"cursor":"x"}'), 'no position of Tapio')
  assert.match(reason(whole.toString().replace('position 1', 'position 9')), 'of version 9; this Tapio reads version 1')
  assert.match(reason(whole.toString().replace('i=2', 'i=3')), 'checksum is wrong')
})

test('a place that cannot be read or written is said, and what was there stays', async ({ folder }) => {
  writeFileSync(join(folder, 'file'), '')
  assert.is((await readPosition(folder)).status, 'useless')
  try {
    await writePosition(join(folder, 'file', 'position'), {})
    assert.unreachable('must reject')
  } catch (error) {
    assert.match(String(error), /EEXIST|ENOTDIR/)
  }
})

test('a keeper writes what changed, one after the other, and again what could not be written', async ({ folder }) => {
  const path = join(folder, 'deep', 'position')
  const said: string[] = []
  let value = 0
  const keeper = new PositionKeeper(path, () => ++value, error => { said.push(error === undefined ? 'written' : 'failed') })
  await keeper.save()
  keeper.isDirty = true
  await Promise.all([keeper.save(), keeper.save(), keeper.save()])
  assert.equal([said, await readPosition(path)], [['written'], { status: 'read', value: 1 }])
  rmSync(join(folder, 'deep'), { recursive: true })
  writeFileSync(join(folder, 'deep'), '')
  keeper.isDirty = true
  await keeper.save()
  rmSync(join(folder, 'deep'))
  await keeper.save()
  assert.equal([said, await readPosition(path)], [['written', 'failed', 'written'], { status: 'read', value: 3 }])
})

test.run()
