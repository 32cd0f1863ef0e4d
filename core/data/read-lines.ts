/** Reads JSON lines (json.ts) from a stream into batches, holding at most one line and one batch. */
import { BatchBuilder } from './builder.js'
import { ByteWindow } from './byte-window.js'
import { eventFromJson } from './json.js'
import type { FileItem } from './read-frames.js'

export interface LineOptions {
  /** Rows of a batch. */
  readonly rows: number
  readonly maxLineBytes: number
}

type Line = { readonly offset: number, readonly bytes: number, readonly text: string } | { readonly offset: number, readonly bytes: number, readonly tooLong: true }

/** Batches of up to `rows` events; a line that is no event is one `damage`. Empty lines are nothing. */
export async function * readJsonLines (chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<FileItem> {
  let builder = new BatchBuilder(options.rows)
  let first = 0
  for await (const line of lines(chunks, options.maxLineBytes)) {
    const fault = 'tooLong' in line ? `a line of more than ${options.maxLineBytes} bytes` : appendLine(builder, line.text)
    if (fault !== '') yield { kind: 'damage', offset: line.offset, bytes: line.bytes, reason: fault }
    if (builder.count === 1) first = line.offset
    if (builder.count < options.rows) continue
    yield { kind: 'batch', batch: builder.finish(), offset: first }
    builder = new BatchBuilder(options.rows)
  }
  if (builder.count > 0) yield { kind: 'batch', batch: builder.finish(), offset: first }
}

/** What is wrong with the line, or ''. */
function appendLine (builder: BatchBuilder, text: string): string {
  if (text.trim() === '') return ''
  const read = eventFromJson(text)
  if (!read.ok) return read.error
  builder.append(read.event)
  return ''
}

const newline = 10

async function * lines (chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  const window = new ByteWindow(chunks)
  try {
    for (let searched = 0; await window.fill(searched + 1) || window.length > 0;) {
      const ended = window.length <= searched
      const at = window.bytes.indexOf(newline, searched)
      if (at < 0 && !ended && window.length <= maxBytes) { searched = window.length; continue }
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
  return { offset, bytes: length, text }
}

/** Passes over a line without keeping it. */
async function skipLine (window: ByteWindow): Promise<Line> {
  const { offset } = window
  for (;;) {
    const at = window.bytes.indexOf(newline)
    window.skip(at < 0 ? window.length : at + 1)
    if (at >= 0 || !await window.fill(1)) return { offset, bytes: window.offset - offset, tooLong: true }
  }
}
