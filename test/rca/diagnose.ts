/** One dump as `tapio diagnose` reads it, many in one process. */
import { diagnose as diagnoseDump } from '../../core/cli/diagnosis.js'
import { silentLogger } from '../../core/testing/services.js'
import type { Incident } from '../../core/incidents/incident.js'

const builtIn = new URL('../../core/cli/registry.js', import.meta.url).href

/** Rejects with the reason when the dump cannot be read. */
export async function diagnose (dir: string): Promise<readonly Incident[]> {
  return (await diagnoseDump({ paths: [dir], modules: [builtIn], logger: silentLogger })).incidents
}
