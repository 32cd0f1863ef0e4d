/**
 * Who may send what lies in a place. One replay at a time; a queue that a process delivers itself is left to it; its dead letters are not
 * (nobody but a replay looks at them), but as long as that process writes there, they are only noted as delivered.
 */
import { lockDirectory, lockHolder, type DirectoryLock } from '../net/directory-lock.js'
import { Notes } from './notes.js'
import { placeError, PlaceError, type Place } from './places.js'
import { readFound } from './read.js'

/** Of its own, beside that of the process that writes. */
const replaySocket = 'replay.sock'

export interface Claimed extends Place {
  /** Files may be added and removed: nobody else writes there. */
  readonly isOurs: boolean
  release(): Promise<void>
}

/** Rejects with PlaceError. `removes`: files will go when they are delivered. */
export async function claimAll (places: readonly Place[], removes: boolean): Promise<Claimed[]> {
  const claimed: Claimed[] = []
  try {
    // Two files of one directory share its locks.
    const held = new Map<string, Held>()
    for (const place of places) claimed.push(await claim(place, removes, held))
    return claimed
  } catch (error) {
    for (const { release } of claimed) await release()
    throw error
  }
}

interface Held { readonly isOurs: boolean, readonly release: () => Promise<void> }

async function claim (place: Place, removes: boolean, held: Map<string, Held>): Promise<Claimed> {
  if (!place.isQueue) return { ...place, isOurs: false, release: () => Promise.resolve() }
  const known = held.get(place.directory)
  if (known !== undefined) return { ...place, isOurs: known.isOurs, release: () => Promise.resolve() }
  const locks = await lockBoth(place)
  const mine: Held = { isOurs: locks.writer !== undefined, release: async () => { await locks.writer?.release(); await locks.replay.release() } }
  try {
    if (!mine.isOurs) await checkShared(place, removes)
  } catch (error) {
    await mine.release()
    throw error
  }
  held.set(place.directory, mine)
  return { ...place, ...mine }
}

async function lockBoth ({ path, directory }: Place): Promise<{ readonly replay: DirectoryLock, readonly writer: DirectoryLock | undefined }> {
  try {
    const replay = await lockDirectory(directory, replaySocket)
    if (replay === undefined) throw new PlaceError(`${path} is being replayed by ${await lockHolder(directory, replaySocket) ?? 'another process'} already: wait for it, or end it`)
    try {
      return { replay, writer: await lockDirectory(directory) }
    } catch (error) {
      await replay.release()
      throw error
    }
  } catch (error) {
    throw error instanceof PlaceError ? error : placeError(path, error)
  }
}

async function checkShared (place: Place, removes: boolean): Promise<void> {
  const who = await lockHolder(place.directory) ?? 'another process'
  if (removes) throw new PlaceError(`${place.path} is in use by ${who}: end it first, or leave out --delete and --move-to (what is delivered is noted, and goes when that process starts again)`)
  if (await holdsQueue(place)) throw new PlaceError(`${place.path} is the sending queue of ${who}, which delivers it itself: end that process first to send it from here`)
}

/** What nobody rejected waits for its exporter. */
async function holdsQueue (place: Place): Promise<boolean> {
  const stop = new AbortController()
  for (const file of place.files) {
    const notes = await Notes.read(file, true)
    for await (const item of readFound(file, offset => notes.has(offset), stop.signal)) if (item.kind === 'batch') return item.letter === undefined
  }
  return false
}
