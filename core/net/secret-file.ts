/** Reading what must stay secret or be trusted, with a word to the log when others could read or replace it. */
import { readGuarded, type Guarded } from '../config/guarded-file.js'
import type { Logger } from '../telemetry/logger.js'

/** Throws an Error that begins with `what` and the path when it cannot be read, or must not be used (core/config/guarded-file.ts). */
export function readSecretFile (what: string, path: string, logger: Logger, holds: Guarded = 'secret'): Buffer {
  try {
    const { bytes, warning } = readGuarded(path, holds)
    if (warning !== '') logger.warn(holds === 'secret' ? 'a file with a secret is exposed' : 'a file that is trusted is exposed', { option: what, file: path, reason: warning })
    return bytes
  } catch (error) {
    throw new Error(`${what} "${path}" cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
