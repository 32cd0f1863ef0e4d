/** What is done to each of the compared while a client sends: by the words of the table. */
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../../../core/data/testing/random.js'
import type { Behaviour } from '../delivery/backend.js'
import { eventually, load } from '../delivery/scene.js'
import type { Stage } from './stage.js'

export const records = 8000

export interface PeerFault {
  /** Of the queue; left out = more than all records need. */
  readonly queueBytes?: number
  /** The queue is on a file system of its own of so many bytes. Needs root. */
  readonly diskBytes?: number
  play(stage: Stage): Promise<void>
}

const acknowledged = async ({ ledger }: Stage, n: number): Promise<void> => { await eventually('load', () => ledger.acknowledged, seen => seen >= n, 120_000) }

async function backendFor (stage: Stage, ms: number): Promise<void> {
  await stage.backend.close()
  const sent = load(stage, records)
  await sleep(ms)
  await stage.backend.listen(stage.placement.backendPort)
  await sent()
}

const inTurn: readonly Behaviour[] = ['hangs', 'slow', 'busy', 'unavailable', 'resets']

export const faults: Readonly<Record<string, PeerFault>> = {
  'kill -9 x8 under load': {
    play: async stage => {
      const random = seeded(8)
      const sent = load(stage, records)
      for (let kill = 0; kill < 8; kill++) {
        stage.backend.behaviour = random.chance(0.5) ? 'slow' : 'takes'
        await acknowledged(stage, Math.min(records - 400, stage.ledger.acknowledged + 20 * (10 + random.below(30))))
        await stage.process.kill()
      }
      stage.backend.behaviour = 'takes'
      await sent()
    }
  },
  'backend hangs, is slow, answers 429, 503, resets': {
    play: async stage => {
      const sent = load(stage, records, 20)
      for (const behaviour of inTurn) {
        stage.backend.behaviour = behaviour
        const until = stage.backend.requests + 10
        await eventually(behaviour, () => stage.backend.requests, n => n >= until || stage.ledger.acknowledged === records, 60_000)
      }
      stage.backend.behaviour = 'takes'
      await sent()
    }
  },
  'backend dead for 60 s, queue fits': { play: stage => backendFor(stage, 60_000) },
  'backend dead for 10 s, queue of 64 KiB': { queueBytes: 64 << 10, play: stage => backendFor(stage, 10_000) },
  'disk of 1 MiB full, then room': {
    diskBytes: 1 << 20,
    play: async stage => {
      stage.backend.behaviour = 'unavailable'
      const sent = load(stage, records)
      await acknowledged(stage, 500)
      await stage.disk?.fill()
      await sleep(5000)
      await stage.disk?.makeRoom()
      stage.backend.behaviour = 'takes'
      await sent()
    }
  },
  'SIGTERM under load, slow backend': {
    play: async stage => {
      stage.backend.behaviour = 'slow'
      stage.backend.delayMs = 500
      const sent = load(stage, records)
      await acknowledged(stage, records / 2)
      await stage.end()
      stage.backend.behaviour = 'takes'
      stage.next()
      await sent()
    }
  },
  'reload (SIGHUP) x10 under load': {
    play: async stage => {
      const sent = load(stage, records, 80)
      for (let edition = 1; edition <= 10; edition++) {
        await acknowledged(stage, records / 12 * edition)
        stage.reconfigure(edition)
        await stage.process.signal('SIGHUP')
      }
      await sent()
    }
  },
  'storage cut in half while away': {
    play: async stage => {
      stage.backend.behaviour = 'unavailable'
      await load(stage, records)()
      await stage.end()
      const { queue } = stage.placement
      const [file] = readdirSync(queue).filter(n => !/sock|done/.test(n)).map(n => join(queue, n)).sort((a, b) => statSync(b).size - statSync(a).size)
      if (file !== undefined) truncateSync(file, Math.floor(statSync(file).size / 2))
      stage.backend.behaviour = 'takes'
      const next = stage.next()
      await Promise.race([next.running, next.ended])
    }
  }
}
