/** One of the compared between the client and the backend, and what happens to it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from '../delivery/backend.js'
import type { Ledger } from '../delivery/ledger.js'
import type { PrivateDisk } from '../delivery/private-disk.js'
import type { Supervised } from '../supervised.js'
import type { Placement, Subject } from './subjects.js'

export class Stage {
  readonly lives: Supervised[] = []

  constructor (readonly subject: Subject, readonly placement: Placement, readonly ledger: Ledger, readonly backend: Backend, readonly disk: PrivateDisk | undefined) {
    subject.configure(placement, 0)
    this.next()
  }

  get port (): number { return this.placement.port }
  get process (): Supervised { return this.lives.at(-1) as Supervised }

  /** Another life, after an orderly end. */
  next (): Supervised {
    const life = this.subject.start(this.placement)
    this.lives.push(life)
    return life
  }

  reconfigure (edition: number): void { this.subject.configure(this.placement, edition) }

  /** In order, or not: it goes on once the process is gone. */
  async end (): Promise<void> {
    await this.process.terminate()
    await this.process.ended.catch(() => undefined)
  }

  /** A loss has no end to wait for: when nothing has come for `quietMs`, nothing will. */
  async settle (quietMs = 8000): Promise<void> {
    for (let [last, waitedMs] = [-1, 0]; this.ledger.missing > 0 && waitedMs < quietMs; waitedMs = this.ledger.missing === last ? waitedMs + 100 : 0, last = this.ledger.missing) await sleep(100)
  }

  async close (): Promise<void> {
    for (const life of this.lives) life.destroy()
    await this.backend.close()
    this.disk?.destroy()
  }
}
