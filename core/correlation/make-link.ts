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
    id: createHash('sha256').update(`${by}|${kind}|${cause.id}|${effect.id}`).digest('hex').slice(0, 32),
    cause: cause.id, effect: effect.id, kind, by, confidence: rounded(confidence), lagMs, path, why: sentence(words, cause, effect), events: [...eventsOf(cause), ...eventsOf(effect)]
  }
}

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
