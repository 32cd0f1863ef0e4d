/**
 * Scenario: calls that succeed, break rules, fail on purpose, fail by a bug, are given up, or are not allowed.
 * Guarantees: each ends with one code, is counted once, lets go of its admission, and tells a client no words of a bug; changes are
 * audited with their outcome, reads are not.
 */
import { create, type DescMethod, type Message } from '@bufbuild/protobuf'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { silentLogger } from '../testing/services.js'
import type { Gate } from './access/gate.js'
import { ApiError, serve, type Call, type Implementation } from './call.js'
import { Dispatcher } from './dispatch.js'
import { EventService } from './gen/tapio/v1/event_service_pb.js'
import { GetEventRequestSchema, StreamEventsRequestSchema, SubmitEventBatchRequestSchema, SubscribeEventsRequestSchema, type StreamEventsRequest } from './gen/tapio/v1/event_pb.js'

const dispatch = suite('dispatch')
const credentials = { authorization: undefined, certificateName: undefined, address: '127.0.0.1' }
const id = 'a'.repeat(32)

function start (own: Partial<Implementation<typeof EventService>>, refuse?: ApiError) {
  const seen = { counted: [] as string[], audited: [] as string[], open: 0 }
  const gate: Gate = {
    enter: () => {
      if (refuse !== undefined) throw refuse
      seen.open++
      return { caller: { name: 'test', address: '127.0.0.1', scope: 'admin' }, end: () => { seen.open-- } }
    },
    audit: (method, caller, _, code) => { seen.audited.push(`${caller.name} ${method.name} ${code}`) }
  }
  const missing = (): never => { throw new Error('not in this test') }
  const methods: Implementation<typeof EventService> = { getEvents: missing, getEvent: missing, getStatistics: missing, subscribe: missing, submitEventBatch: missing, streamEvents: missing, ...own }
  const recorder = { begin: () => undefined, end: (method: DescMethod, code: string) => { seen.counted.push(`${method.name} ${code}`) } }
  return { seen, dispatcher: new Dispatcher({ services: [serve(EventService, methods)], gate, recorder, logger: silentLogger }) }
}

async function failure (work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(() => undefined, (e: unknown) => e)
  assert.instance(error, ApiError)
  return error as ApiError
}

const { getEvent, subscribe, submitEventBatch, streamEvents } = EventService.method
const never = new AbortController().signal

dispatch('a call is answered with a message, counted and let go; a read is not audited', async () => {
  const { dispatcher, seen } = start({ getEvent: async ({ id }) => ({ event: { id, name: 'x' } }) })
  const answer = await dispatcher.unary(getEvent, create(GetEventRequestSchema, { id }), credentials, never)
  assert.is((answer as Message & { event: { name: string } }).event.name, 'x')
  assert.equal(seen, { counted: ['GetEvent OK'], audited: [], open: 0 })
})

dispatch('what breaks a rule does not reach its method, and a change is audited with its outcome', async () => {
  const { dispatcher, seen } = start({})
  const { code, message, more } = await failure(dispatcher.unary(submitEventBatch, create(SubmitEventBatchRequestSchema, {}), credentials, never))
  assert.equal([code, message, more.fields], ['INVALID_ARGUMENT', 'events is missing', [{ path: 'events', reason: 'is missing' }]])
  assert.equal(seen, { counted: ['SubmitEventBatch INVALID_ARGUMENT'], audited: ['test SubmitEventBatch INVALID_ARGUMENT'], open: 0 })
})

dispatch('errors made for clients keep their words, bugs keep theirs to the log', async () => {
  for (const [error, code, words] of [[new ApiError('NOT_FOUND', 'no such event'), 'NOT_FOUND', /no such event/], [new TypeError('secret of the house'), 'INTERNAL', /^the answer could not be made/]] as const) {
    const { dispatcher, seen } = start({ getEvent: () => Promise.reject(error) })
    const found = await failure(dispatcher.unary(getEvent, create(GetEventRequestSchema, { id }), credentials, never))
    assert.is(found.code, code)
    assert.match(found.message, words)
    assert.equal(seen, { counted: [`GetEvent ${code}`], audited: [], open: 0 })
  }
})

dispatch('what the gate refuses is counted and never admitted', async () => {
  const { dispatcher, seen } = start({}, new ApiError('UNAUTHENTICATED', 'give a token'))
  assert.is((await failure(dispatcher.unary(getEvent, create(GetEventRequestSchema, { id }), credentials, never))).code, 'UNAUTHENTICATED')
  assert.equal(seen, { counted: ['GetEvent UNAUTHENTICATED'], audited: [], open: 0 })
})

dispatch('a call that is given up ends as what its signal says', async () => {
  const control = new AbortController()
  const { dispatcher, seen } = start({ getEvent: (_, { signal }: Call) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('stopped')) }) }) })
  const ended = failure(dispatcher.unary(getEvent, create(GetEventRequestSchema, { id }), credentials, control.signal))
  control.abort(new ApiError('DEADLINE_EXCEEDED', 'too late'))
  assert.is((await ended).code, 'DEADLINE_EXCEEDED')
  assert.equal(seen.counted, ['GetEvent DEADLINE_EXCEEDED'])
})

dispatch('a stream that its reader leaves lets its method go', async () => {
  let released = 0
  const { dispatcher, seen } = start({ subscribe: async function * () { try { for (;;) yield { resumeToken: 'x' } } finally { released++ } } })
  for await (const message of dispatcher.stream(subscribe, create(SubscribeEventsRequestSchema, {}), credentials, never)) {
    assert.is((message as Message & { resumeToken: string }).resumeToken, 'x')
    assert.is(seen.open, 1)
    break
  }
  assert.equal([released, seen.open, seen.counted], [1, 0, ['Subscribe CANCELLED']])
})

dispatch('each message of a stream is checked, and the first bad one ends it', async () => {
  const { dispatcher, seen } = start({ streamEvents: async function * (requests) { for await (const { sequence } of requests) yield { sequence, outcome: 'accepted' } } })
  const batches = async function * (): AsyncGenerator<StreamEventsRequest> {
    yield create(StreamEventsRequestSchema, { sequence: 1n })
    yield create(StreamEventsRequestSchema, { sequence: 2n, events: [{ traceId: 'no' }] })
  }
  const taken: bigint[] = []
  const { code, message } = await failure((async () => {
    for await (const answer of dispatcher.stream(streamEvents, batches(), credentials, never)) taken.push((answer as Message & { sequence: bigint }).sequence)
  })())
  assert.equal([code, taken], ['INVALID_ARGUMENT', [1n]])
  assert.match(message, /^events\[0\]\.trace_id is "no"/)
  assert.equal([seen.counted, seen.audited, seen.open], [['StreamEvents INVALID_ARGUMENT'], ['test StreamEvents INVALID_ARGUMENT'], 0])
})

dispatch.run()
