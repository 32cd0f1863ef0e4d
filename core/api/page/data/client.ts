/** One question to the API, one answer. */
import { problemOf, problemOfError } from './problem.js'
import { queryText, type Query } from './query.js'
import { refused, token } from './token.js'

function headers (accept: string): HeadersInit {
  return token.value === '' ? { accept } : { accept, authorization: `Bearer ${token.value}` }
}

/** The response of a question that was let in; `also`: one more status that is an answer. Rejects with Problem, or AbortError when `signal` aborts. */
export async function ask (path: string, query: Query, signal: AbortSignal, accept = 'application/json', also?: number): Promise<Response> {
  const shown = token.value
  let response: Response
  try {
    response = await fetch(`${path}${queryText(query)}`, { headers: headers(accept), signal, cache: 'no-store', credentials: 'same-origin' })
  } catch (error) {
    if (signal.aborted) throw error
    throw problemOfError(error)
  }
  if (response.ok || response.status === also) return response
  const problem = await problemOf(response)
  // Given up while its words were read: they may be missing.
  signal.throwIfAborted()
  // An answer to an older token says nothing about the one that was given since.
  if (response.status === 401 && shown === token.value) refused.value = token.value === '' ? 'This Tapio asks for a token.' : problem.message
  throw problem
}

/** `T` is the JSON form of the response's message (core/api/gen). */
export async function get<T> (path: string, query: Query, signal: AbortSignal, also?: number): Promise<T> {
  const response = await ask(path, query, signal, 'application/json', also)
  return await response.json() as T
}

/** A path's segment that may hold slashes, as `{id=**}` takes it: `receiver/otlp`. */
export function pathOf (id: string): string { return id.split('/').map(encodeURIComponent).join('/') }
