/**
 * What a dead letter says beside its rows: who rejected them, when and why. It is part of the batch's document (codec.ts), so that a file
 * tells it wherever it is taken.
 */
import type { AttributeValue } from './attributes.js'

export interface Letter {
  /** As the other side said it. */
  readonly reason: string
  /** When it was rejected, milliseconds since the epoch. */
  readonly atMs: number
  /** The exporter that could not deliver it, by its id. */
  readonly exporter: string
  /** How many of the batch's rows the other side rejected. Fewer than it has: which ones is not known, and the others were taken. */
  readonly rejected: number
}

/** In the header of a document; absent for what is no dead letter. */
export type WrittenLetter = [reason: string, atMs: number, exporter: string, rejected: number]

/** A backend may answer with a page of text. */
const maxReason = 4096

export function writeLetter ({ reason, atMs, exporter, rejected }: Letter): WrittenLetter {
  return [reason.slice(0, maxReason), atMs, exporter, rejected]
}

/** undefined: it is no dead letter, or one whose words are not of the expected form, which costs no row. */
export function readLetter (written: AttributeValue | undefined): Letter | undefined {
  const [reason, at, exporter, rejected] = Array.isArray(written) ? written : []
  const atMs = Number(at)
  if (typeof reason !== 'string' || typeof exporter !== 'string' || !isCount(atMs) || !isCount(rejected)) return undefined
  return { reason, atMs, exporter, rejected }
}

const isCount = (value: AttributeValue | undefined): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
