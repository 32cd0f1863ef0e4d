/**
 * The incidents this page knows, newest version of each: what was read in pages, and what the stream told since. Bounded: beyond
 * `most` the oldest resolved ones are forgotten; the list can be read again.
 */
import type { GetIncidentsResponseJson, IncidentChangeJson, IncidentJson, SubscribeToIncidentsResponseJson } from '../../gen/tapio/v1/incident_pb.js'
import { computed, signal } from '@preact/signals'
import { announce } from '../data/announce.js'
import { get } from '../data/client.js'
import { msOf } from '../format/time.js'
import { levelOf, levels } from '../format/words.js'

/** What a row shows: an incident whole is a hundred times larger. */
export const rowFields = 'id,version,status,title,severity,startTime,updatedTime,resolvedTime,impact.counts,impact.summary,impact.level,events,mergedInto'

const most = 20_000
const pageSize = 500

const known = signal<ReadonlyMap<string, IncidentJson>>(new Map())
/** Ids that were opened while this page was open and were not looked at since. */
export const fresh = signal<ReadonlySet<string>>(new Set())
export const nextPage = signal<string | undefined>(undefined)
export const pagesRead = signal(0)

const startOf = (i: IncidentJson): number => msOf(i.startTime) ?? 0

export const all = computed(() => [...known.value.values()].sort((a, b) => startOf(b) - startOf(a) || ((a.id ?? '') < (b.id ?? '') ? -1 : 1)))
export const open = computed(() => all.value.filter(i => i.status !== 'resolved').sort((a, b) => levels.indexOf(levelOf(a.severity)) - levels.indexOf(levelOf(b.severity))))
export const resolved = computed(() => all.value.filter(i => i.status === 'resolved'))

/** True when one of them is news. */
function take (incidents: readonly IncidentJson[]): void {
  const next = new Map(known.value)
  for (const incident of incidents) {
    const id = incident.id ?? ''
    if ((next.get(id)?.version ?? -1) <= (incident.version ?? 0)) next.set(id, incident)
  }
  if (next.size > most) {
    const oldest = [...next.values()].filter(i => i.status === 'resolved').sort((a, b) => startOf(a) - startOf(b))
    for (const { id } of oldest.slice(0, next.size - most)) next.delete(id ?? '')
  }
  known.value = next
}

/** The newest ones, or those before what was read. */
export async function readPage (signal: AbortSignal, after?: string): Promise<void> {
  const { incidents = [], nextPageToken } = await get<GetIncidentsResponseJson>('/v1/incidents', { page: { size: pageSize, token: after }, fields: rowFields }, signal)
  take(incidents)
  nextPage.value = nextPageToken
  pagesRead.value++
}

export function takeChanges ({ changes = [] }: SubscribeToIncidentsResponseJson): void {
  if (changes.length === 0) return
  take(changes.flatMap(change => change.incident === undefined ? [] : [change.incident]))
  const opened = changes.filter(change => change.kind === 'opened')
  if (opened.length > 0) fresh.value = new Set([...fresh.value, ...opened.map(change => change.incident?.id ?? '')])
  const words = opened.map(say)
  if (words.length > 0) announce(words.length > 3 ? `${words.length} new incidents` : words.join('. '))
}

function say ({ incident }: IncidentChangeJson): string { return `New incident, ${incident?.severity ?? ''}: ${incident?.title ?? ''}` }

export function seen (id: string): void {
  if (!fresh.value.has(id)) return
  const next = new Set(fresh.value)
  next.delete(id)
  fresh.value = next
}
