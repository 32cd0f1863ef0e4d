/** What a bench asks of its child processes: the load and the sink. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Tally } from './count.js'

export async function ask<T> (child: ChildProcess, message: object | string): Promise<T> {
  const answer = once(child, 'message')
  child.send(message)
  const [found] = await answer as [T]
  return found
}

const drainStallMs = 5000

/** The sink's tally once it has all that was sent, or when nothing has come for a while. */
export async function drained (sink: ChildProcess, spans: number): Promise<Tally> {
  let tally = await ask<Tally>(sink, 'tally')
  let changedMs = performance.now()
  while (tally.spans < spans && performance.now() - changedMs < drainStallMs) {
    await new Promise(resolve => setTimeout(resolve, 20))
    const next = await ask<Tally>(sink, 'tally')
    if (next.spans !== tally.spans) changedMs = performance.now()
    tally = next
  }
  return tally
}
