/** Scenario: the writer is killed (SIGKILL) at random while it writes. Guarantees: what it acknowledged is there, and the store opens clean. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { openStore } from './open.js'

const test = suite('store: crashes')
const writer = fileURLToPath(new URL('./testing/kill-writer.js', import.meta.url))
const rounds = process.env.TAPIO_TEST_LONG === '1' ? 50 : 20

/** Lines it wrote before it was killed, after `lines` of them. */
async function killed (directory: string, round: number, sync: string, lines: number): Promise<[serial: number, lane: number][]> {
  const child = spawn(process.execPath, [writer, directory, String(round), sync], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (d: Buffer) => {
    output += d.toString()
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close') as [number, string]
  assert.is(signal, 'SIGKILL', 'it ran until it was killed')
  return output.slice(0, output.lastIndexOf('\n')).split('\n').map(line => line.split(' ').map(Number) as [number, number])
}

test(`killed ${rounds} times`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-crash-'))
  const random = seeded(1)
  let [acknowledged, found] = [0, 0]
  try {
    for (let round = 0; round < rounds; round++) {
      const lines = await killed(directory, round, round % 2 === 0 ? 'commit' : 'disk', 1 + random.below(40))
      const store = await openStore(directory)
      assert.equal((await store.stats()).damaged, [])
      const prefix = round.toString(16).padStart(16, '0')
      const newest = new Map<number, number>()
      for (const [serial, lane] of lines) {
        newest.set(lane, serial)
        for (const row of [0, 50, 99]) {
          const id = `${prefix}${(serial * 100 + row + 1).toString(16).padStart(16, '0')}`
          assert.is((await store.event(id))?.at(0).get('id'), id, `round ${round}, batch ${serial}`)
        }
      }
      for (const [lane, serial] of newest) assert.ok((await store.incident(`${round}-${lane}`) as { version: number }).version >= serial)
      acknowledged += lines.length * 100
      found = (await store.stats()).events
      assert.ok(found >= acknowledged, `${found} of ${acknowledged}`)
      await store.close()
    }
    // Every block is whole: counted by reading them all, not by what their heads say.
    const store = await openStore(directory, { readOnly: true })
    let read = 0
    for (let cursor: string | undefined; ;) {
      const page = await store.events({}, { limit: 1000, order: 'oldest', ...(cursor === undefined ? {} : { cursor }) })
      read += page.events.count
      if (page.next === undefined) break
      cursor = page.next
    }
    assert.is(read, found)
    assert.equal((await store.stats()).damaged, [])
    await store.close()
    console.log(`\nREPORT kill -9 x${rounds}: ${acknowledged} events acknowledged, ${found} found`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test.run()
