/** A terminal that a test reads and presses keys on. */
import type { Terminal, TerminalEvents } from '../../terminal.js'

/** Keys are pressed when `act` says so, once a picture. */
export class FakeTerminal implements Terminal {
  size = { columns: 100, rows: 30 }
  written = ''
  pictures: string[] = []
  isListening = false
  #events: TerminalEvents | undefined

  constructor (readonly act: (picture: string, terminal: FakeTerminal) => void) {}

  write (text: string): void {
    this.written += text
    if (!text.startsWith('\u001b[H')) return
    this.pictures.push(text)
    setImmediate(() => this.act(text, this))
  }

  listen (events: TerminalEvents): () => void {
    this.#events = events
    this.isListening = true
    return () => { this.isListening = false }
  }

  press (key: string): void { if (this.isListening) this.#events?.key(key) }

  resize (columns: number, rows: number): void {
    this.size = { columns, rows }
    this.#events?.resize()
  }
}
