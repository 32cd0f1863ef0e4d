/**
 * Follows a stream of the API (server-sent events over fetch: an EventSource cannot carry a token). Comes back by itself after it
 * ended or broke, at the place where it was, waiting longer each time.
 */
import { ask } from './client.js'
import { Problem, problemOfBody, problemOfError } from './problem.js'
import type { Query } from './query.js'
import { ServerEventParser } from './sse.js'

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Broken; `untilMs`: when it is tried again. */
  | { readonly kind: 'waiting', readonly problem: Problem, readonly untilMs: number }
  /** Given up: nothing changes by trying again. */
  | { readonly kind: 'failed', readonly problem: Problem }

export interface Stream<T> {
  readonly path: string
  readonly query: Query
  onMessage(message: T): void
  onState(state: StreamState): void
}

const firstWaitMs = 500
const longestWaitMs = 15_000
/** The API says something at least every 15 seconds: two silences are a dead connection. */
const silenceMs = 40_000

/** Ends when `signal` aborts. */
export async function follow<T> (stream: Stream<T>, signal: AbortSignal): Promise<void> {
  let resumeToken: string | undefined
  let waitMs = firstWaitMs
  while (!signal.aborted) {
    stream.onState({ kind: 'connecting' })
    let problem: Problem
    try {
      const query = resumeToken === undefined ? stream.query : { ...stream.query, resumeToken }
      problem = await once<T>({ ...stream, query }, signal, (message, token) => {
        waitMs = firstWaitMs
        resumeToken = token ?? resumeToken
        stream.onMessage(message)
      })
    } catch (error) {
      if (signal.aborted) return
      problem = problemOfError(error)
    }
    if (signal.aborted) return
    if (!problem.passing) { stream.onState({ kind: 'failed', problem }); return }
    const pause = Math.max(problem.retryAfterMs ?? 0, waitMs * (0.75 + Math.random() / 2))
    stream.onState({ kind: 'waiting', problem, untilMs: Date.now() + pause })
    await waited(pause, signal)
    waitMs = Math.min(waitMs * 2, longestWaitMs)
  }
}

/** One connection, to its end. Resolves with why it ended. */
async function once<T> (stream: Stream<T>, signal: AbortSignal, take: (message: T, token: string | undefined) => void): Promise<Problem> {
  const silence = new AbortController()
  const both = AbortSignal.any([signal, silence.signal])
  let timer = setTimeout(() => { silence.abort() }, silenceMs)
  try {
    const response = await ask(stream.path, stream.query, both, 'text/event-stream')
    if (response.body === null) return new Problem(0, 'The stream is empty', '')
    stream.onState({ kind: 'open' })
    const parser = new ServerEventParser()
    const decoder = new TextDecoder()
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read()
      if (done) return new Problem(0, 'The stream ended', 'Tapio ended it; this page comes back to it.', parser.retryMs)
      clearTimeout(timer)
      timer = setTimeout(() => { silence.abort() }, silenceMs)
      for (const { event, data, id } of parser.push(decoder.decode(value, { stream: true }))) {
        const body = JSON.parse(data) as unknown
        if (event === 'error') return problemOfBody(body, 500)
        take(body as T, id === '' ? undefined : id)
      }
    }
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

/** Resolves after that time, or when the network is back, or when `signal` aborts. */
function waited (ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => { clearTimeout(timer); removeEventListener('online', end); signal.removeEventListener('abort', end); resolve() }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}
