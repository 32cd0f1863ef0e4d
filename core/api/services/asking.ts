/** Asking the store and the running graph, with what is wrong with them in words for the client. */
import { ApiError } from '../call.js'
import type { ApiHost } from '../host.js'
import type { Question, Questions } from '../../component/questions.js'
import type { Plan } from '../../graph/plan.js'
import type { StoreFeeds } from '../../store/feeds.js'
import { StoreError, type StoreReader } from '../../store/store.js'
import { badField } from '../messages/faults.js'

export type ReadableStore = StoreReader & StoreFeeds

/** The store, or what to do to have one. */
export function storeOr (store: ReadableStore | undefined): ReadableStore {
  if (store === undefined) throw new ApiError('FAILED_PRECONDITION', 'this Tapio keeps nothing that could be asked for: add the exporter `store` to a pipeline, or name a store of another Tapio in service.api.store')
  return store
}

/** The plan of the graph that runs. */
export function planOr (host: ApiHost): Plan {
  if (host.plan === undefined) throw new ApiError('FAILED_PRECONDITION', 'no pipelines run here, only a store is served: ask the Tapio that was started with --config')
  return host.plan
}

/** The answer of the store; rejects with ApiError. `cursor`: the field of the request whose value was given to the store as a place to go on from. */
export async function asked<T> (answer: Promise<T>, cursor = 'page.token'): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof StoreError ? storeFault(error, cursor) : error
  }
}

const retryAfterMs = 1000

function storeFault ({ fault, message }: StoreError, cursor: string): ApiError {
  switch (fault) {
    case 'query': return /cursor|token/.test(message) ? badField(cursor, `is not one of this question: ${message}`) : new ApiError('INVALID_ARGUMENT', message)
    case 'absent': return new ApiError('FAILED_PRECONDITION', `${message}: it is made when the exporter \`store\` gets its first events; see that its pipeline runs and its directory is the one served here`)
    case 'denied': return new ApiError('FAILED_PRECONDITION', `${message}: Tapio may not read its store; see the rights of its directory`)
    case 'version': return new ApiError('FAILED_PRECONDITION', message)
    case 'locked': case 'closed': return new ApiError('UNAVAILABLE', message, { retryAfterMs })
    case 'damaged': return new ApiError('INTERNAL', message)
  }
}

/** Asks a component; rejects with ApiError UNAVAILABLE when it does not answer. */
export async function askComponent<Q extends Question> (host: ApiHost, component: string, question: Q, argument: Questions[Q]['argument'], signal: AbortSignal): Promise<Questions[Q]['answer']> {
  try {
    return await host.ask(component, question, argument, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ApiError) throw error
    throw new ApiError('UNAVAILABLE', `${component} does not answer: ${error instanceof Error ? error.message : String(error)}`, { retryAfterMs })
  }
}
