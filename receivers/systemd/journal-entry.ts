/** One entry of the journal as `journalctl -o json` writes it; man 7 systemd.journal-fields, "Journal JSON Format". */
export interface JournalEntry {
  readonly cursor: string
  /** When it was written, nanoseconds since the epoch. */
  readonly timeNano: bigint
  readonly message: string
  /** 0 (emerg) to 7 (debug); the kernel and old programs may leave it out. */
  readonly priority: number
  readonly fields: Fields
}
export type Fields = Readonly<Record<string, string>>

const unnamed = 6

/** Undefined for a line that is no entry. Never throws. */
export function parseEntry (line: string): JournalEntry | undefined {
  let parsed: unknown
  try { parsed = JSON.parse(line) } catch { return undefined }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  const fields = Object.create(null) as Record<string, string>
  for (const [key, value] of Object.entries(parsed)) {
    const text = textOf(value)
    if (text !== undefined) fields[key] = text
  }
  const { __CURSOR: cursor, MESSAGE: message = '', PRIORITY: priority = '' } = fields
  const time = microseconds(fields)
  if (cursor === undefined || cursor === '' || time === undefined) return undefined
  return { cursor, timeNano: time * 1000n, message, priority: /^[0-7]$/.test(priority) ? Number(priority) : unnamed, fields }
}

/** When the sender sent it; the kernel tells that on its own clock only, and journald may read it much later (at boot). */
function microseconds (fields: Fields): bigint | undefined {
  const [sent, written, kernel, seen] = ['_SOURCE_REALTIME_TIMESTAMP', '__REALTIME_TIMESTAMP', '_SOURCE_MONOTONIC_TIMESTAMP', '__MONOTONIC_TIMESTAMP'].map(key => {
    const text = fields[key]
    return text !== undefined && /^\d{1,16}$/.test(text) ? BigInt(text) : undefined
  })
  if (sent !== undefined || written === undefined) return sent
  const late = fields._TRANSPORT === 'kernel' && kernel !== undefined && seen !== undefined ? seen - kernel : 0n
  return late > 0n && late < written ? written - late : written
}

/** A field that is no text comes as a list of bytes, one that is there several times as a list of values: the first is taken. */
function textOf (value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || value.length === 0) return undefined
  if (typeof value[0] === 'number') return Buffer.from(value as number[]).toString('utf8')
  return textOf(value[0])
}
