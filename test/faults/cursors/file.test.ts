/**
 * Scenario: the file receiver follows a log that grows without pause and is rotated in every way (renamed, copied and cut off, compressed),
 * while Tapio is killed (SIGKILL) at random moments or ended in order.
 * Guarantees: every line is delivered; what comes twice has the same id; the store has each once. Orderly ends double nothing.
 * Does not show: power cuts; lines that logrotate itself loses between its copy and its cut.
 */
import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded, type Random } from '../../../core/data/testing/random.js'
import { judge, recorded, stored } from './evidence.js'
import { CursorRun, kills } from './run.js'

const test = suite<{ run: CursorRun | undefined }>('file receiver under kills')
test.after.each(context => { context.run?.destroy() })

/** Writes numbered lines and rotates, until it is stopped. */
class Log {
  lines = 0
  rotations = 0
  /** How, and before which line. */
  readonly rotated: string[] = []
  #stopped = false
  readonly #running: Promise<void>

  constructor (readonly path: string, readonly random: Random) {
    this.#running = this.#run()
  }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run (): Promise<void> {
    while (!this.#stopped) {
      const text = Array.from({ length: 1 + this.random.below(30) }, () => JSON.stringify({ timeUnixNano: `${1_767_225_600_000 + this.lines}000000`, name: 'line', message: `line ${this.lines++}` })).join('\n')
      // A writer may be caught in the middle of a line.
      const cut = this.random.below(text.length)
      appendFileSync(this.path, text.slice(0, cut))
      if (this.random.chance(0.2)) await sleep(1)
      appendFileSync(this.path, `${text.slice(cut)}\n`)
      if (this.random.chance(0.02)) this.#rotate()
      await sleep(10)
    }
  }

  #rotate (): void {
    const to = `${this.path}.${++this.rotations}`
    const how = this.random.below(3)
    this.rotated.push(`${['renamed', 'copied', 'compressed'][how]}:${this.lines}`)
    switch (how) {
      case 0: renameSync(this.path, to); writeFileSync(this.path, ''); break
      case 1: copyFileSync(this.path, to); truncateSync(this.path); break
      case 2: renameSync(this.path, to); writeFileSync(this.path, ''); writeFileSync(`${to}.gz`, gzipSync(readFileSync(to))); unlinkSync(to); break
    }
  }
}

/** Once it is followed: what was rotated before that is no news. */
async function begin (run: CursorRun, random: Random): Promise<Log> {
  const path = join(run.folder, 'app.jsonl')
  writeFileSync(path, '')
  await run.until('a look at the log', () => existsSync(join(run.folder, 'position')))
  return new Log(path, random)
}

async function check (run: CursorRun, log: Log): Promise<ReturnType<typeof judge>> {
  await log.stop()
  await run.until('all lines', async () => new Set((await recorded(run.folder)).map(r => r.message)).size >= log.lines, 300).catch(async (error: unknown) => {
    const there = new Set((await recorded(run.folder)).map(r => r.message))
    const missing = Array.from({ length: log.lines }, (_, i) => i).filter(i => !there.has(`line ${i}`))
    throw new Error(`${missing.length} of ${log.lines} lines, from ${missing[0]} to ${missing.at(-1)}; rotated at ${log.rotated.join(' ')}: ${String(error)}`)
  })
  await run.finish()
  return judge(Array.from({ length: log.lines }, (_, i) => `line ${i}`), await recorded(run.folder), await stored(run.folder), row => row.message)
}

const receivers = (folder: string): object => ({ file: { paths: [join(folder, 'app.jsonl')], follow: true, poll_interval: '20ms', state_file: join(folder, 'position') } })

test(`killed ${kills} times at random moments while the log grows and is rotated: nothing lost, doubles have the same id`, async context => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seeded(seed)
  const run = context.run = new CursorRun(receivers)
  const log = await begin(run, random)
  for (let i = 0; i < kills; i++) {
    await run.grown(random.chance(0.2) ? 1 : random.below(60_000))
    await run.kill()
  }
  const verdict = await check(run, log)
  console.log(`REPORT file, seed ${seed}: ${log.lines} lines, ${log.rotations} rotations, ${run.kills} kills; lost ${verdict.lost.length}, delivered again ${verdict.doubled}, of them with another id ${verdict.unrecognisable.length}`)
  assert.equal([verdict.lost, verdict.unrecognisable, verdict.storedWrong], [[], [], []], `seed ${seed}`)
})

test('ended in order while the log grows and is rotated: nothing lost, nothing doubled', async context => {
  const random = seeded(3)
  const run = context.run = new CursorRun(receivers)
  const log = await begin(run, random)
  for (let i = 0; i < 2; i++) {
    await run.grown(1 + random.below(50_000))
    await run.end()
  }
  const verdict = await check(run, log)
  console.log(`REPORT file, ended in order ${run.ends} times: ${log.lines} lines, lost ${verdict.lost.length}, delivered again ${verdict.doubled}`)
  assert.equal(verdict, { lost: [], doubled: 0, unrecognisable: [], storedWrong: [] })
})

test.run()
