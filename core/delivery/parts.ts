/**
 * One batch that goes to several consumers, whole or in parts. Once one of them has taken its part the others' parts are sent again
 * from here, while the sender waits (handing it back would repeat what was taken): that is its back-pressure. Only when there is no more
 * time for that the whole goes back: a sender that has a cursor or a client repeats it, and what was taken comes twice rather than the rest
 * never.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import { accepted, refused, rejected, retry, type Outcome, type Rejected } from '../component/outcome.js'
import type { Drops } from '../component/services.js'
import type { EventBatch } from '../data/batch.js'
import { localRetryPolicy, type RetryPolicy } from './backoff.js'
import { isExhausted, redeliver } from './redeliver.js'
import { inWhole, mergeRejections } from './rows.js'

export interface Part {
  readonly consumer: Consumer
  readonly batch: EventBatch
  /** Row i of `batch` is row `rows[i]` of the batch given; absent when they are the same. */
  readonly rows?: Uint32Array
}

export interface PartsOptions {
  readonly clock: Clock
  /** Aborted when the component must end: a batch with parts still waiting is then refused, with reason `shutdown`. */
  readonly signal: AbortSignal
  /** For parts that are sent again; the default never gives up while the sender waits. */
  readonly policy?: RetryPolicy
  /** Told of a part that its consumer did not take in the time of `policy` while another took its own: which part, why, how many rows. */
  readonly onLoss: (part: number, reason: string, rows: number) => void
}

/** For components: losses as drops with the reason `refused`. */
export function lossesAs (drops: Drops): PartsOptions['onLoss'] {
  return (_part, _reason, rows) => { drops.add('refused', rows) }
}

/** One honest outcome for all parts; synchronous when every consumer answers so. */
export function deliverParts (parts: readonly Part[], options: PartsOptions): Outcome | Promise<Outcome> {
  const answers = parts.map(p => p.consumer.consume(p.batch))
  if (answers.some(a => a instanceof Promise)) return Promise.all(answers).then(outcomes => settle(parts, outcomes, options))
  return settle(parts, answers as Outcome[], options)
}

function settle (parts: readonly Part[], outcomes: readonly Outcome[], options: PartsOptions): Outcome | Promise<Outcome> {
  if (outcomes.every(o => o.status === 'accepted')) return accepted
  if (outcomes.every(o => o.status === 'retry' || o.status === 'refused')) return handBack(outcomes)
  if (outcomes.some(o => o.status === 'retry')) return sendAgain(parts, outcomes, options)
  return conclude(parts, outcomes, options)
}

/** Nobody took anything: the sender still has it all. */
function handBack (outcomes: readonly Outcome[]): Outcome {
  const retries = outcomes.filter(o => o.status === 'retry')
  if (retries.length === 0) return outcomes[0] ?? refused('no output')
  const waits = retries.map(o => o.afterMs ?? 0)
  return retry([...new Set(retries.map(o => o.reason))].join('; '), Math.max(...waits) || undefined)
}

async function sendAgain (parts: readonly Part[], outcomes: readonly Outcome[], options: PartsOptions): Promise<Outcome> {
  const policy = options.policy ?? { ...localRetryPolicy, maxElapsedMs: 0 }
  const final = await Promise.all(parts.map((part, i) => {
    const outcome = outcomes[i] as Outcome
    return outcome.status === 'retry' ? redeliver(part.consumer, part.batch, { ...options, policy }) : outcome
  }))
  return conclude(parts, final, options)
}

/** Some part was taken: what was given up ends here, and the sender is told so as a rejection. */
function conclude (parts: readonly Part[], outcomes: readonly Outcome[], { onLoss }: PartsOptions): Outcome {
  const ending = outcomes.find(o => o.status === 'refused' && !isExhausted(o))
  if (ending !== undefined) return ending
  const lost: Rejected[] = []
  parts.forEach((part, i) => {
    const outcome = outcomes[i] as Outcome
    if (outcome.status === 'rejected') {
      const { rows } = part
      lost.push((rows === undefined ? outcome : inWhole(outcome, () => rows)) as Rejected)
    } else if (outcome.status === 'refused') {
      onLoss(i, outcome.reason, part.batch.count)
      lost.push(rejected(outcome.reason, part.batch.count, part.rows ?? Uint32Array.from({ length: part.batch.count }, (_, row) => row)))
    }
  })
  return lost.length === 0 ? accepted : mergeRejections(lost)
}
