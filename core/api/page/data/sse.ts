/** What a server-sent event stream says: https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.6. */
export interface ServerEvent {
  /** `message` unless the server named it. */
  readonly event: string
  readonly data: string
  /** The last id that was given; '' before the first. */
  readonly id: string
}

/** No message of the API is larger by far; a server that never ends a line must not fill the tab. */
const maxPending = 64 * 1024 * 1024

/** Takes the text as it comes, cut anywhere, and gives each event once it is whole. */
export class ServerEventParser {
  #pending = ''
  #data: string[] = []
  #event = ''
  #id = ''
  /** The server's wish of how long to wait before coming back. */
  retryMs: number | undefined

  push (text: string): ServerEvent[] {
    this.#pending += text
    if (this.#pending.length > maxPending) throw new Error('the stream sends a line without end')
    const events: ServerEvent[] = []
    // A lone CR at the end may be the first half of CRLF: it waits.
    for (let at = lineEnd(this.#pending); at !== undefined; at = lineEnd(this.#pending)) {
      const line = this.#pending.slice(0, at.from)
      this.#pending = this.#pending.slice(at.to)
      const event = this.#line(line)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  #line (line: string): ServerEvent | undefined {
    if (line === '') return this.#end()
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#event = value
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value)
    return undefined
  }

  #end (): ServerEvent | undefined {
    const data = this.#data.join('\n')
    const event = this.#event === '' ? 'message' : this.#event
    const any = this.#data.length > 0
    this.#data = []
    this.#event = ''
    return any ? { event, data, id: this.#id } : undefined
  }
}

function lineEnd (text: string): { readonly from: number, readonly to: number } | undefined {
  const at = text.search(/[\r\n]/)
  if (at < 0 || (text[at] === '\r' && at === text.length - 1)) return undefined
  return { from: at, to: text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1 }
}
