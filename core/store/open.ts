/** The embedded store: one directory, one writer, any number of readers in any process. */
import { systemClock, type Clock } from '../component/clock.js'
import type { Logger } from '../telemetry/logger.js'
import { expectDirectory, lockStore, makeDirectory } from './directory.js'
import { EmbeddedStore } from './embedded-store.js'
import type { Store, StoreReader } from './store.js'

export type SyncPolicy = 'disk' | 'commit'

export interface StoreOptions {
  /** What was stored longer ago goes, a sixteenth of it at a time. 0 = no bound. */
  readonly maxAgeMs?: number
  /** Bytes on disk for events; the oldest go, a sixteenth of it at a time. */
  readonly maxBytes?: number
  /** `disk`: an append is answered when it is on the disk; `commit`: when it survives the end of this process. */
  readonly sync?: SyncPolicy
  /** Bytes of batches that wait to be written, before `append` answers `full`. */
  readonly maxPendingBytes?: number
  /** How long few events wait for others, so that they are stored together. */
  readonly lingerMs?: number
  readonly clock?: Clock
  readonly logger?: Logger
}

export const defaults = { maxAgeMs: 7 * 86_400_000, maxBytes: 4 * 2 ** 30, sync: 'disk', maxPendingBytes: 32 << 20, lingerMs: 0, clock: systemClock } as const

/** `mayBeAbsent`: as long as no writer has made the store, it is an empty one. */
export function openStore (directory: string, options: { readonly readOnly: true, readonly mayBeAbsent?: boolean } & StoreOptions): Promise<StoreReader>
export function openStore (directory: string, options?: { readonly readOnly?: false } & StoreOptions): Promise<Store>
/**
 * Rejects with StoreError: there is none (`readOnly`), it may not be opened, another process writes it, it is damaged. A reader sees
 * what is committed when it asks, also while Tapio writes, and what has been deleted since only until its question ends.
 */
export async function openStore (directory: string, { readOnly = false, mayBeAbsent = false, ...options }: { readonly readOnly?: boolean, readonly mayBeAbsent?: boolean } & StoreOptions = {}): Promise<Store | StoreReader> {
  if (readOnly) {
    if (!mayBeAbsent) await expectDirectory(directory)
    return new EmbeddedStore(directory, { ...defaults, ...options }, undefined, mayBeAbsent)
  }
  await makeDirectory(directory)
  const lock = await lockStore(directory)
  try {
    return new EmbeddedStore(directory, { ...defaults, ...options }, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}
