/** What every migration gives. */
import type { Fault } from '../config/faults.js'
import type { Note } from './report.js'

export type Migrated =
  /** `runs`: `tapio validate` accepts it, but for variables and files that are not here. Not so when nothing of any pipeline is left. */
  | { readonly ok: true, readonly runs: boolean, readonly yaml: string, readonly notes: readonly Note[] }
  /** It could not be read, or it is nothing of the kind that was said. */
  | { readonly ok: false, readonly faults: readonly Fault[] }
