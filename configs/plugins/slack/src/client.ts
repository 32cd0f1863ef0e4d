/** Three ways to tell: Slack's Web API, which can change a message and answer to it, a Slack webhook, which can only send one, and any webhook that takes JSON. */
import { inTime } from 'tapio/plugin'
import { messageOf } from './blocks.js'
import type { Told } from './incident.js'

export interface Target {
  readonly webhook: string
  readonly token: string
  readonly channel: string
  readonly apiUrl: string
  readonly format: 'slack' | 'json'
  readonly link: string
  readonly timeoutMs: number
}

/** `ts` of Slack's message about an incident; '' where there is none. */
export type Sent = { readonly status: 'sent', readonly ts: string, readonly channel: string } | { readonly status: 'later', readonly why: string, readonly afterMs: number | undefined } | { readonly status: 'never', readonly why: string }

/** What was sent before about the same incident. */
export interface Before { readonly ts: string, readonly channel: string, readonly isOpen: boolean }

/** Errors of the Web API that pass: https://api.slack.com/methods/chat.postMessage#errors */
const passing = new Set(['ratelimited', 'rate_limited', 'internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'])
const maxAnswerBytes = 65536

export async function send (target: Target, told: Told, before: Before | undefined, stop: AbortSignal): Promise<Sent> {
  if (target.webhook !== '') {
    const answer = await post(target.webhook, target.format === 'json' ? { incident: told } : messageOf(told, target.link), target, stop)
    return answer.status === 'sent' ? { status: 'sent', ts: '', channel: '' } : answer
  }
  const message = messageOf(told, target.link)
  if (before === undefined || before.ts === '') return await call('chat.postMessage', { channel: target.channel, ...message }, target, stop)
  const changed = await call('chat.update', { channel: before.channel, ts: before.ts, ...message }, target, stop)
  if (changed.status !== 'sent' || told.isOpen || !before.isOpen) return changed
  // Whoever follows the thread hears that it is over: a changed message tells nobody.
  const answered = await call('chat.postMessage', { channel: before.channel, thread_ts: before.ts, text: told.mergedInto === '' ? 'Resolved.' : `It is part of incident ${told.mergedInto}.` }, target, stop)
  return answered.status === 'sent' ? changed : answered
}

async function call (method: string, body: object, target: Target, stop: AbortSignal): Promise<Sent> {
  const answer = await post(`${target.apiUrl}/${method}`, body, target, stop)
  if (answer.status !== 'sent') return answer
  let said: { ok?: unknown, error?: unknown, ts?: unknown, channel?: unknown }
  try {
    said = (JSON.parse(answer.text) as typeof said | null) ?? {}
  } catch {
    return { status: 'later', why: `${method}: the answer is no JSON`, afterMs: undefined }
  }
  if (said.ok === true) return { status: 'sent', ts: String(said.ts ?? ''), channel: String(said.channel ?? target.channel) }
  if (typeof said.error !== 'string') return { status: 'later', why: `${method}: the answer says neither that it worked nor why not`, afterMs: undefined }
  const error = said.error.slice(0, 200)
  return passing.has(error) ? { status: 'later', why: `${method}: ${error}`, afterMs: undefined } : { status: 'never', why: `${method}: ${error}` }
}

type Posted = { readonly status: 'sent', readonly text: string } | Exclude<Sent, { readonly status: 'sent' }>

async function post (url: string, body: object, { token, webhook, timeoutMs }: Target, stop: AbortSignal): Promise<Posted> {
  try {
    const headers = { 'content-type': 'application/json; charset=utf-8', ...webhook === '' ? { authorization: `Bearer ${token}` } : {} }
    const { response, text } = await inTime(timeoutMs, stop, async signal => {
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), redirect: 'error', signal })
      return { response, text: await read(response) }
    })
    if (response.ok) return { status: 'sent', text }
    const why = `it answered ${response.status}: ${text.slice(0, 200)}`
    return response.status === 429 || response.status === 408 || response.status >= 500 ? { status: 'later', why, afterMs: retryAfterMs(response) } : { status: 'never', why }
  } catch (error) {
    // The URL of a webhook is a secret: it is not told.
    return { status: 'later', why: error instanceof Error ? error.cause instanceof Error ? error.cause.message : error.message : String(error), afterMs: undefined }
  }
}

async function read (response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    if ((bytes += chunk.byteLength) > maxAnswerBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Seconds, or a date; at most an hour. */
function retryAfterMs (response: Response): number | undefined {
  const text = response.headers.get('retry-after')
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined
}
