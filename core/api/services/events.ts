/** EventService: stored events asked for and followed, new ones brought in. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import type { Counted } from '../../store/feeds.js'
import { ApiError, serve, type Call, type ServedService } from '../call.js'
import { EventSchema, type CountSchema, type StreamEventsRequest, type StreamEventsResponseSchema, type SubscribeEventsRequest, type SubscribeEventsResponseSchema } from '../gen/tapio/v1/event_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { eventMessages } from '../messages/event.js'
import { fieldsOf } from '../messages/fields.js'
import { u64 } from '../messages/numbers.js'
import { eventQueryOf, pageOptionsOf } from '../messages/questions.js'
import { durationOf, requestedDurationMs, timestampOf } from '../messages/time.js'
import { asked, storeOr, type ReadableStore } from './asking.js'
import { ofOneSecond } from '../../recovery/token-bucket.js'
import { follow } from './follow.js'
import { answersInOrder, pause } from './streams.js'
import type { Submitted, Submitter } from './submit.js'

export interface EventServiceOptions {
  readonly store: ReadableStore | undefined
  readonly submitter: Submitter
  readonly clock: Clock
}

type StreamResponse = MessageInitShape<typeof StreamEventsResponseSchema>

/** Batches of one stream whose outcome is not known yet. */
export const maxWaiting = 16

export function eventService ({ store, submitter, clock }: EventServiceOptions): ServedService {
  return serve(EventService, {
    async getEvents ({ filter, page, fields }, { signal }) {
      const wanted = fieldsOf(fields, EventSchema)
      const { events, next = '' } = await asked(storeOr(store).events(eventQueryOf(filter), pageOptionsOf(page, signal)))
      return { events: eventMessages(events, wanted), nextPageToken: next }
    },

    async getEvent ({ id, fields }) {
      const wanted = fieldsOf(fields, EventSchema)
      const found = await asked(storeOr(store).event(id))
      if (found === undefined) throw new ApiError('NOT_FOUND', `the store has no event ${id}; it may have been deleted by its age`)
      return { event: eventMessages(found, wanted)[0] as object }
    },

    async getStatistics ({ filter, bucket }, { signal }) {
      const bucketMs = requestedDurationMs(bucket, 'bucket') ?? 0
      const { total, buckets, truncated, ...counts } = await asked(storeOr(store).statistics(eventQueryOf(filter), { bucketMs, signal }))
      return {
        total: u64(total), truncated, bySeverity: countMessages(counts.bySeverity), byType: countMessages(counts.byType), bySource: countMessages(counts.bySource),
        bySymptom: countMessages(counts.bySymptom), byEntity: countMessages(counts.byEntity),
        buckets: buckets.map(({ timeMs, count, errors }) => ({ time: timestampOf(timeMs), count: u64(count), errors: u64(errors) }))
      }
    },

    subscribe: (request, call) => subscribed(request, call, storeOr(store), clock),

    async submitEventBatch ({ events }, { signal }) {
      const { answer: { status, rejected, reason, retryAfterMs }, ids } = await submitter.submit(events, signal)
      if (status === 'retry') throw new ApiError('RESOURCE_EXHAUSTED', `nothing was taken: ${reason}; send the batch again`, { retryAfterMs })
      return { accepted: ids.length - rejected, rejected, reasons: reason === '' ? [] : [reason], ids: [...ids] }
    },

    streamEvents: (requests, { signal }) => answersInOrder(requests, maxWaiting, batch => takeBatch(submitter, batch, signal), signal)
  })
}

const countMessages = (counts: readonly Counted[]): MessageInitShape<typeof CountSchema>[] => counts.map(({ key, count }) => ({ key, count: u64(count) }))

/** Events in a message of a stream: more of them would make everybody else wait while they are encoded (about 30 us each). */
const streamPage = 200

/** A batch that cannot be one ends no stream: it is rejected, and the next may be good. */
export async function takeBatch (submitter: Submitter, { sequence, events }: StreamEventsRequest, signal: AbortSignal): Promise<StreamResponse> {
  if (events.length === 0) return { sequence, outcome: 'accepted' }
  try {
    return outcomeMessage(sequence, await submitter.submit(events, signal))
  } catch (error) {
    if (error instanceof ApiError && error.code === 'INVALID_ARGUMENT') return { sequence, outcome: 'rejected', rejected: events.length, reason: error.message }
    throw error
  }
}

function outcomeMessage (sequence: bigint, { answer: { status, rejected, reason, retryAfterMs } }: Submitted): StreamResponse {
  return { sequence, outcome: status, rejected, reason, ...(status === 'retry' && { retryAfter: durationOf(retryAfterMs) }) }
}

async function * subscribed (request: SubscribeEventsRequest, { signal }: Call, store: ReadableStore, clock: Clock): AsyncGenerator<MessageInitShape<typeof SubscribeEventsResponseSchema>> {
  const query = eventQueryOf(request.filter)
  const wanted = fieldsOf(request.fields, EventSchema)
  const budget = request.maxEventsPerSecond === 0 ? undefined : ofOneSecond(request.maxEventsPerSecond, clock.monotonicMs())
  let token = request.resumeToken
  yield * follow({
    clock, signal, changed: timeoutMs => store.changed(timeoutMs, signal, token),
    async look () {
      if (budget !== undefined && budget.available(clock.monotonicMs()) < 1) await pause(clock, budget.waitMs(), signal)
      const limit = Math.max(1, Math.min(streamPage, budget?.available(clock.monotonicMs()) ?? streamPage))
      const feed = await asked(store.eventFeed(query, { ...(token !== '' && { after: token }), limit, signal }), 'resume_token')
      token = feed.token
      budget?.take(feed.events.count)
      return { answer: { events: eventMessages(feed.events, wanted), resumeToken: token, gap: feed.gap }, hasNews: feed.events.count > 0 || feed.gap, more: feed.more }
    }
  })
}
