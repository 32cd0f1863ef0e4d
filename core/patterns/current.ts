/** Who asks: functions of expressions find the world here. One for the thread: evaluations do not overlap. */
import type { World } from './world.js'

let current: World | undefined

export function world (): World {
  if (current === undefined) throw new Error('there is no world to look at')
  return current
}

export function within<T> (of: World, run: () => T): T {
  const before = current
  current = of
  try { return run() } finally { current = before }
}
