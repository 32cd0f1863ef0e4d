/**
 * Scenario: bytes of a queue on disk are flipped at random in every place that means something (header of a file, marker, length, check,
 * document, notes of what is delivered), files are cut off and removed, while Tapio is away and while it runs.
 * Guarantees: exactly the batches that were hit are missing, all others arrive; damaged notes cost a batch that comes again, never one that
 * is lost. What was damaged is counted in bytes, and in rows (`queue_damaged`) as far as they are known. Tapio starts, runs and ends in order.
 */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import { scanSegment, type FoundFrame } from '../../../core/delivery/queue/segment-files.js'
import { frameHeadLength, headerLength, markerLength } from '../../../core/data/file-format.js'
import { again, eventually, faultSuite, finish, line, load, long, metricsOf, reached, start, type Scene } from './scene.js'

const batch = 20
const faults = faultSuite('damaged queues')

interface Placed extends FoundFrame { readonly path: string, readonly ids: readonly number[] }

/** Every batch of the queue with the records that are in it: their bodies are text of the request that is kept as it came. */
async function batchesOf (queue: string): Promise<Placed[]> {
  const placed: Placed[] = []
  for (const name of readdirSync(queue).filter(n => n.endsWith('.tapio')).sort()) {
    const path = join(queue, name)
    const bytes = readFileSync(path)
    for (const frame of (await scanSegment(path, 2 ** 31 - 1)).frames) {
      const text = bytes.subarray(frame.offset + frameHeadLength, frame.offset + frameHeadLength + frame.length).toString('latin1')
      placed.push({ ...frame, path, ids: idsIn(text) })
    }
  }
  return placed
}

/** OTLP's protobuf of `body { int_value: N }`, as Tapio keeps it: a tag of the message, its length, a tag of the field, a varint. */
function idsIn (text: string): number[] {
  return [...text.matchAll(/\x2a([\x02-\x04])\x18([\x80-\xff]{0,2}[\x00-\x7f])/g)].map(([, , varint = '']) => [...varint].reduce((n, char, i) => n + ((char.charCodeAt(0) & 0x7f) << (7 * i)), 0))
}

function flip (path: string, at: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([readFileSync(path)[at] as number ^ 0x55]), 0, 1, at)
  closeSync(file)
}

/** With a queue that holds `records` and a backend that does not take them yet. */
async function filled (scene: Scene, records: number): Promise<Placed[]> {
  scene.backend.behaviour = 'unavailable'
  await load(scene, records)()
  return await batchesOf(scene.queue)
}

/** Waits for all that is whole, and says what else is missing. */
async function delivered (scene: Scene, without: number): Promise<readonly number[]> {
  const { ledger, backend } = scene
  backend.behaviour = 'takes'
  await reached(scene, 'what is whole did not arrive', () => ledger.missing <= without)
  await eventually('the queue is empty', () => metricsOf(scene), m => m.sum('tapio_sending_queue_batches') === 0)
  return ledger.totals().lost
}

const places = {
  'the header of a file': () => 0,
  'a marker': () => 3,
  'a length': () => markerLength + 1,
  'a check': () => markerLength + 5,
  'a document': (frame: FoundFrame) => frameHeadLength + Math.floor(frame.length / 2)
} as const

faults('bits that flip while Tapio is away, in every kind of place: exactly what was hit is missing', async context => {
  const scene = await start(context, { queue: { max_size: '256KiB' } })
  const { ledger, tapio } = scene
  await filled(scene, 1600)
  await tapio.terminate()
  await tapio.ended
  const batches = await batchesOf(scene.queue)
  assert.is(batches.reduce((n, b) => n + b.ids.length, 0), 1600, 'the records of every batch are known')
  const random = seeded(20261201)
  const hit = new Set<Placed>()
  for (const [place, at] of Object.entries(places)) {
    for (let i = 0; i < (long ? 8 : 2); i++) {
      let victim: Placed
      do victim = batches[random.below(batches.length)] as Placed; while (hit.has(victim))
      if (place === 'the header of a file') flip(victim.path, random.below(headerLength))
      else {
        flip(victim.path, victim.offset + at(victim))
        hit.add(victim)
      }
    }
  }
  const next = again(context, scene)
  const expected = [...hit].flatMap(b => b.ids).sort((a, b) => a - b)
  const lost = await delivered(next, expected.length)
  const damaged = (await metricsOf(next)).sum('tapio_sending_queue_damaged_bytes_total')
  await finish(next)
  console.log(`\nREPORT bits flipped in ${hit.size} batches: ${line(ledger.totals())}; ${damaged} bytes counted as damaged`)
  assert.equal([lost, ledger.totals().deliveredAgain], [expected, 0])
  assert.ok(damaged >= [...hit].reduce((n, b) => n + b.length, 0))
  assert.match(next.tapio.log, /a part of a queue on disk cannot be read and is left out/)
})

faults('a file that is cut off, one that is removed, notes that are damaged: the rest arrives, notes cost doubles alone', async context => {
  const scene = await start(context, { queue: { max_size: '256KiB' } })
  const { ledger, backend, tapio, queue } = scene
  await filled(scene, 1600)
  backend.behaviour = 'takes'
  const until = backend.requests + 25
  await reached(scene, 'nothing was delivered', () => backend.requests >= until)
  backend.behaviour = 'unavailable'
  await tapio.terminate()
  await tapio.ended
  const before = ledger.deliveredIds
  const batches = await batchesOf(queue)
  const paths = [...new Set(batches.map(b => b.path))]
  const [noted] = readdirSync(queue).filter(n => n.endsWith('.done'))
  if (noted !== undefined) for (let at = 0; at < statSync(join(queue, noted)).size; at += 8) flip(join(queue, noted), at)
  const [cut, gone] = paths.slice(-2) as [string, string]
  const last = batches.filter(b => b.path === cut).at(-1) as Placed
  truncateSync(cut, last.offset + frameHeadLength + Math.floor(last.length / 2))
  rmSync(gone)
  const expected = [...batches.filter(b => b.path === gone), last].flatMap(b => b.ids).filter(id => !before.has(id)).sort((a, b) => a - b)
  const next = again(context, scene)
  const lost = await delivered(next, expected.length)
  await finish(next)
  console.log(`\nREPORT a queue cut off, a file removed, notes damaged: ${line(ledger.totals())}`)
  assert.equal(lost, expected)
})

faults('bits that flip and a file that is cut off while Tapio runs: what it has not in memory is missing, and counted by rows', async context => {
  // Nothing is kept in memory beyond 16 MiB: the files of an earlier life never are.
  const scene = await start(context, { queue: { max_size: '256KiB' } })
  const { ledger, backend } = scene
  await filled(scene, 1600)
  await finish(scene)
  const next = again(context, scene)
  await next.tapio.running
  const until = backend.requests + 10
  await reached(next, 'it did not begin', () => backend.requests >= until)
  const batches = await batchesOf(scene.queue)
  // Those that are under way were read before.
  const rest = batches.slice(batches.length / 2)
  const [flipped, cut] = [rest[2] as Placed, rest.at(-1) as Placed]
  flip(flipped.path, flipped.offset + frameHeadLength + Math.floor(flipped.length / 2))
  truncateSync(cut.path, cut.offset + frameHeadLength + 5)
  const expected = [...flipped.ids, ...cut.ids].sort((a, b) => a - b)
  const lost = await delivered(next, expected.length)
  const damaged = (await metricsOf(next)).sum('tapio_sending_queue_damaged_bytes_total')
  await finish(next)
  console.log(`\nREPORT damaged while it runs: ${line(ledger.totals())}; ${damaged} bytes counted as damaged`)
  assert.equal([lost, lost.length, damaged], [expected, 2 * batch, flipped.length + cut.length])
})

faults.run()
