/** The body of a stream of requests: one JSON document a line (https://github.com/ndjson/ndjson-spec). Read as fast as the method takes them. */
import type { DescMessage, Message } from '@bufbuild/protobuf'
import { ApiError } from '../call.js'
import { tooLarge } from './body.js'
import { requestOfJson } from './json-request.js'

const newline = 10

/** Rejects with ApiError for a line that is no request, naming it by its number. */
export async function * requestsOf (schema: DescMessage, body: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<Message> {
  let number = 0
  for await (const line of linesOf(body, maxLineBytes)) {
    number++
    if (line.length > 0) yield requestOfLine(schema, line, number)
  }
}

function requestOfLine (schema: DescMessage, line: Uint8Array, number: number): Message {
  try {
    return requestOfJson(schema, line)
  } catch (error) {
    throw error instanceof ApiError ? new ApiError(error.code, `line ${number}: ${error.message}`, error.more) : error
  }
}

async function * linesOf (body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const begun: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    let from = 0
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      begun.push(chunk.subarray(from, to))
      if (length + to - from > maxBytes) throw tooLarge(maxBytes)
      yield trimmed(begun)
      begun.length = length = 0
      from = to + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > maxBytes) throw tooLarge(maxBytes)
  }
  if (length > 0) yield trimmed(begun)
}

function trimmed (parts: readonly Buffer[]): Uint8Array {
  const line = parts.length === 1 ? parts[0] as Buffer : Buffer.concat(parts)
  return line[line.length - 1] === 13 ? line.subarray(0, -1) : line
}
