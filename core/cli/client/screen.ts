/** A picture that is drawn over the last one, on a screen of its own: what was on the terminal comes back. */
import { follow } from '../../api/client/follow.js'
import { systemClock } from '../../component/clock.js'
import { printable } from '../../story/printable.js'
import type { Size, Terminal } from '../terminal.js'

export interface Drawing<State> {
  /** What is asked, until the first state comes. */
  readonly where: string
  /** Lines that fit `size`; `notice` is said in the last one, in the place of the keys. `before`: the state before this one. */
  paint(state: State, before: State | undefined, size: Size, notice: string | undefined): readonly string[]
  /** True: the key meant something, and the picture is drawn again. */
  press?(key: string): boolean
}

/** Draws each state that `open` streams, over lost connections too, until `q`, Ctrl-C or `interrupted`. */
export async function showLive<State> (drawing: Drawing<State>, open: (signal: AbortSignal) => AsyncIterable<State>, terminal: Terminal, interrupted: AbortSignal): Promise<void> {
  const quit = new AbortController()
  const signal = AbortSignal.any([quit.signal, interrupted])
  const screen = new Screen(drawing, terminal)
  const release = terminal.listen({ resize: () => screen.draw(), key: key => { if (key === 'q' || key === '\u0003') quit.abort(); else screen.press(key) } })
  screen.open()
  try {
    const states = follow(() => open(signal), () => '', {
      clock: systemClock, signal, onLost: error => screen.tell(error.message), onBack: () => screen.tell(undefined)
    })
    for await (const state of states) screen.show(state)
  } finally {
    screen.close()
    release()
  }
}

class Screen<State> {
  #state: State | undefined
  #before: State | undefined
  #isPaused = false
  #trouble: string | undefined

  constructor (readonly drawing: Drawing<State>, readonly terminal: Terminal) {}

  open (): void {
    this.terminal.write('\u001b[?1049h\u001b[?25l\u001b[2J')
    this.draw()
  }

  close (): void { this.terminal.write('\u001b[?25h\u001b[?1049l') }

  show (state: State): void {
    if (this.#isPaused) return
    this.#before = this.#state
    this.#state = state
    this.draw()
  }

  /** Undefined: all is well again. */
  tell (trouble: string | undefined): void {
    this.#trouble = trouble
    this.draw()
  }

  press (key: string): void {
    if (key === 'p') this.#isPaused = !this.#isPaused
    else if (this.drawing.press?.(key) !== true) return
    this.draw()
  }

  draw (): void {
    const notice = this.#trouble !== undefined ? printable(this.#trouble) : this.#isPaused ? 'paused: p goes on, q quits' : undefined
    const lines = this.#state === undefined
      ? [notice ?? `asking ${printable(this.drawing.where, 80)} …`]
      : this.drawing.paint(this.#state, this.#before, this.terminal.size, notice)
    this.terminal.write(`\u001b[H${lines.map(line => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }
}
