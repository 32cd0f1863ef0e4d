/** Events that clients bring, given to every `api` receiver of the graph. */
import type { Clock } from '../../component/clock.js'
import type { SubmitAnswer } from '../../component/questions.js'
import { encodeBatch } from '../../data/codec.js'
import { EventIds } from '../../data/ids.js'
import { ApiError } from '../call.js'
import type { Event } from '../gen/tapio/v1/event_pb.js'
import type { ApiHost } from '../host.js'
import { batchOf } from '../messages/event-input.js'
import { askComponent } from './asking.js'

export interface Submitted {
  readonly answer: SubmitAnswer
  /** Of the events, in their order: given or made. */
  readonly ids: readonly string[]
}

const howTo = `no pipeline of this Tapio takes events from the API: add the receiver \`api\` to one, and restart it:
receivers:
  api: {}
service:
  pipelines:
    PIPELINE:
      receivers: [api]`

export class Submitter {
  readonly #ids = new EventIds()

  constructor (readonly host: ApiHost, readonly clock: Clock) {}

  /** Rejects with ApiError: nobody takes events, or one of them cannot be an event. */
  async submit (events: readonly Event[], signal: AbortSignal): Promise<Submitted> {
    const receivers = this.host.answering('events.submit')
    if (receivers.length === 0) throw new ApiError('FAILED_PRECONDITION', howTo)
    const batch = batchOf(events, this.#ids, this.clock.unixNano())
    const document = encodeBatch(batch)
    const ids = Array.from(batch, row => row.get('id') ?? '')
    let worst: SubmitAnswer = { status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 }
    // One after the other: when one asks to wait, those behind it have not got the batch yet and get it once.
    for (const receiver of receivers) {
      const answer = await askComponent(this.host, receiver, 'events.submit', document, signal)
      if (answer.status === 'retry') return { answer, ids }
      if (answer.status === 'rejected') worst = worseOf(worst, { ...answer, rejected: Math.min(answer.rejected, batch.count) })
    }
    return { answer: worst, ids }
  }
}

const worseOf = (a: SubmitAnswer, b: SubmitAnswer): SubmitAnswer => b.rejected >= a.rejected ? b : a
