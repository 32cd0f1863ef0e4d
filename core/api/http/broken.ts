/** What is not HTTP, or too long or too slow: answered by hand, since there is no request that could be. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { HttpError, problemOf, problemType } from './problem.js'

const known: Readonly<Record<string, HttpError>> = {
  HPE_HEADER_OVERFLOW: new HttpError(431, 'INVALID_ARGUMENT', 'the head of the request is longer than 16 KiB'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new HttpError(413, 'INVALID_ARGUMENT', 'chunk extensions are longer than 16 KiB'),
  ERR_HTTP_REQUEST_TIMEOUT: new HttpError(408, 'DEADLINE_EXCEEDED', 'the head of the request did not come in time')
}

export function answerBroken (error: NodeJS.ErrnoException, socket: Duplex, refused: (status: number) => void): void {
  const { code = '' } = error
  // Others are the socket's or TLS's own. Behind a head that was sent already a second one would be part of the first one's body.
  const answered = (socket as Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } | null })._httpMessage?.headersSent === true
  if (!socket.writable || answered || !(code.startsWith('HPE_') || code in known)) { socket.destroy(); return }
  const problem = problemOf(known[code] ?? new HttpError(400, 'INVALID_ARGUMENT', 'this is not HTTP/1.1'))
  refused(problem.status)
  const body = JSON.stringify(problem)
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: ${problemType}\r\nx-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
  // Ends the connection when that is written, whether or not the client ends its side.
  ;(socket as Socket).destroySoon()
}
