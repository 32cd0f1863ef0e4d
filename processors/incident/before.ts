/** What was open when the last life ended: as the store has it, or as the instance told it that this one replaces. */
import type { Shared } from '../../core/component/services.js'
import type { Incident } from '../../core/incidents/incident.js'
import { openStore } from '../../core/store/open.js'

const pageSize = 200

/** Open incidents of the store in `directory`, `most` at most, the newest. A store that is not there yet has none. Rejects with StoreError. */
export async function openIncidentsOf (directory: string, most: number): Promise<Incident[]> {
  const store = await openStore(directory, { readOnly: true, mayBeAbsent: true })
  try {
    const found: Incident[] = []
    let cursor: string | undefined
    do {
      const page = await store.incidents({ status: 'open' }, { limit: Math.min(pageSize, most - found.length), ...(cursor !== undefined && { cursor }) })
      found.push(...page.incidents)
      cursor = page.next
    } while (cursor !== undefined && found.length < most)
    return found
  } finally {
    await store.close()
  }
}

/** Open incidents that were told in this thread, by id: an instance that is made anew goes on with them. */
export class ToldIncidents {
  readonly #open = new Map<string, Incident>()

  get all (): readonly Incident[] { return [...this.#open.values()] }

  tell (incident: Incident): void {
    if (incident.status === 'open') this.#open.set(incident.id, incident)
    else this.#open.delete(incident.id)
  }
}

/** By pipeline-independent type: there is one story a thread. */
export const toldIn = (shared: Shared): ToldIncidents => shared.get('incident.told', () => new ToldIncidents())
