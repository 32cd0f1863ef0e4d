/** What all correlators do alike when they claim a link. */
import { createHash } from 'node:crypto'
import { entityText } from './entity.js'
import type { Link } from './link.js'
import type { Symptom } from './symptom.js'

/** Of each end. */
const maxEvents = 4

export type LinkClaim = Omit<Link, 'id' | 'cause' | 'effect' | 'events' | 'why'> & {
  /** `{cause}` and `{effect}` become their entities. */
  readonly words: string
}

export function makeLink (cause: Symptom, effect: Symptom, { kind, by, confidence, lagMs, path, words }: LinkClaim): Link {
  return {
    id: idOf(`${by}|${kind}|`, cause, effect),
    cause: cause.id, effect: effect.id, kind, by, confidence: rounded(confidence), lagMs, path, why: sentence(words, cause, effect), events: [...eventsOf(cause), ...eventsOf(effect)]
  }
}

/** Of each effect: ids that were made. The same pairs are looked at again at every news of one of them. */
const ids = new WeakMap<Symptom, Map<string, string>>()
/** A pair that comes again and again is one of few; the others cost their hash. */
const maxIds = 512

function idOf (prefix: string, cause: Symptom, effect: Symptom): string {
  let known = ids.get(effect)
  if (known === undefined) ids.set(effect, known = new Map())
  const key = prefix + cause.id
  let id = known.get(key)
  if (id === undefined) {
    id = createHash('sha256').update(`${key}|${effect.id}`).digest('hex').slice(0, 32)
    if (known.size >= maxIds) known.clear()
    known.set(key, id)
  }
  return id
}

/**
 * What doubt about the two symptoms leaves of a link, by the less sure one. Half counts: an event's confidence is about how complete its data
 * are, and those of kernel and cluster never have the trace context that would make them whole.
 */
export function doubt (cause: Symptom, effect: Symptom): number { return (1 + Math.min(known(cause.confidence), known(effect.confidence))) / 2 }

function known (confidence: number): number { return confidence > 0 && confidence <= 1 ? confidence : 0 }

/** Enough to compare, and the same text on every machine. */
function rounded (confidence: number): number { return Math.round(Math.min(1, Math.max(0, confidence)) * 1e4) / 1e4 }

function sentence (words: string, cause: Symptom, effect: Symptom): string {
  const names: Readonly<Record<string, string>> = { cause: entityText(cause.entity), effect: entityText(effect.entity) }
  const text = words.replace(/\{(cause|effect)\}/g, (_, name: string) => names[name] as string)
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function eventsOf ({ evidence }: Symptom): string[] {
  return [...new Set(evidence.map(e => e.eventId).filter(id => id !== ''))].slice(0, maxEvents)
}
