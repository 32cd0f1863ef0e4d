/** Reads JSON lines (json.ts) from a stream into batches, holding at most one line and one batch. */
import { BatchBuilder } from './builder.js'
import { ByteWindow } from './byte-window.js'
import { eventFromJson } from './json.js'
import type { FileItem } from './read-frames.js'

export interface LineOptions {
  /** Rows of a batch. */
  readonly rows: number
  readonly maxLineBytes: number
  /** Where the stream begins; left out = 0. */
  readonly from?: number
  /** Of a file that grows a last line without a line break is left for later. */
  readonly leaveOpenLine?: boolean
  /** The id, in hex, of an event that says none and stands at this offset. */
  readonly idAt?: (offset: number) => string
}

interface Line { readonly offset: number, readonly bytes: number, readonly end: number, /** undefined: too long. */ readonly text: string | undefined }

/** Batches of up to `rows` events; a line that is no event is one `damage`, between what comes before and after it. Empty lines are nothing. */
export async function * readJsonLines (chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<FileItem> {
  let builder = new BatchBuilder(options.rows)
  let [first, end] = [0, 0]
  for await (const line of lines(chunks, options)) {
    const before = builder.count
    const fault = line.text === undefined ? `a line of more than ${options.maxLineBytes} bytes` : appendLine(builder, line.text, line.offset, options)
    if (before === 0) first = line.offset
    if (fault === '') end = line.end
    if (builder.count > 0 && (fault !== '' || builder.count === options.rows)) {
      yield { kind: 'batch', batch: builder.finish(), offset: first, end }
      builder = new BatchBuilder(options.rows)
    }
    if (fault !== '') yield { kind: 'damage', offset: line.offset, bytes: line.bytes, end: line.end, reason: fault, isLast: false }
  }
  if (builder.count > 0) yield { kind: 'batch', batch: builder.finish(), offset: first, end }
}

/** What is wrong with the line, or ''. */
function appendLine (builder: BatchBuilder, text: string, offset: number, { idAt }: LineOptions): string {
  if (text.trim() === '') return ''
  const read = eventFromJson(text)
  if (!read.ok) return read.error
  builder.append(idAt === undefined || read.event.id !== undefined ? read.event : { ...read.event, id: idAt(offset) })
  return ''
}

const newline = 10

async function * lines (chunks: AsyncIterable<Uint8Array>, { maxLineBytes: maxBytes, from, leaveOpenLine }: LineOptions): AsyncGenerator<Line> {
  const window = new ByteWindow(chunks, from)
  try {
    for (let searched = 0; await window.fill(searched + 1) || window.length > 0;) {
      const ended = window.length <= searched
      const at = window.bytes.indexOf(newline, searched)
      if (at < 0 && !ended && window.length <= maxBytes) { searched = window.length; continue }
      if (at < 0 && ended && leaveOpenLine === true) return
      if (at > maxBytes || (at < 0 && window.length > maxBytes)) yield await skipLine(window)
      else yield takeLine(window, at < 0 ? window.length : at)
      searched = 0
    }
  } finally {
    await window.close()
  }
}

function takeLine (window: ByteWindow, length: number): Line {
  const { offset } = window
  const text = window.bytes.toString('utf8', 0, length)
  window.skip(Math.min(length + 1, window.length))
  return { offset, bytes: length, end: window.offset, text }
}

/** Passes over a line without keeping it. */
async function skipLine (window: ByteWindow): Promise<Line> {
  const { offset } = window
  for (;;) {
    const at = window.bytes.indexOf(newline)
    window.skip(at < 0 ? window.length : at + 1)
    if (at >= 0 || !await window.fill(1)) return { offset, bytes: window.offset - offset, end: window.offset, text: undefined }
  }
}
