/** Follows a stream and says on stderr what becomes of its connection. */
import { follow } from '../../api/client/follow.js'
import { systemClock, type Clock } from '../../component/clock.js'
import { printable } from '../../story/printable.js'
import { shortDuration } from '../../story/words.js'
import type { CommandIo } from '../io.js'

export function followed<T> (command: string, open: (resumeToken: string) => AsyncIterable<T>, tokenOf: (message: T) => string, io: CommandIo, signal: AbortSignal, clock: Clock = systemClock): AsyncGenerator<T, void> {
  return follow(open, tokenOf, {
    clock,
    signal,
    onLost: (error, waitMs) => io.err(`tapio ${command}: ${printable(error.message)}; trying again in ${shortDuration(waitMs)}\n`),
    onBack: () => io.err(`tapio ${command}: connected again\n`)
  })
}
