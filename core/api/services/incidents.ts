/** Following incidents: what is open now, then every change. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import type { Incident } from '../../incidents/incident.js'
import type { IncidentQuery } from '../../store/store.js'
import type { Call } from '../call.js'
import { IncidentSchema, type IncidentChangeSchema, type SubscribeToIncidentsRequest, type SubscribeToIncidentsResponseSchema } from '../gen/tapio/v1/incident_pb.js'
import { entityQueryOf } from '../messages/entity.js'
import { fieldsOf } from '../messages/fields.js'
import { incidentMessage } from '../messages/incident.js'
import { levelOf } from '../messages/questions.js'
import { asked, type ReadableStore } from './asking.js'
import { follow } from './follow.js'

type Response = MessageInitShape<typeof SubscribeToIncidentsResponseSchema>

/** Documents are large: a page of them is a megabyte or two. */
const pageSize = 50
/** Incidents whose versions one subscription remembers. */
const maxRemembered = 10_000

export async function * subscribed (request: SubscribeToIncidentsRequest, { signal }: Call, store: ReadableStore, clock: Clock): AsyncGenerator<Response> {
  const entity = entityQueryOf(request.entity, 'entity')
  const minSeverity = levelOf(request.minSeverity)
  const query: Pick<IncidentQuery, 'minSeverity' | 'entity'> = { ...(minSeverity !== undefined && { minSeverity }), ...(entity !== undefined && { entity }) }
  const wanted = fieldsOf(request.fields, IncidentSchema)
  const isNew = request.resumeToken === ''
  const told = new Told(isNew)
  const change = (kind: string, incident: Incident): MessageInitShape<typeof IncidentChangeSchema> => ({ kind, incident: wanted.pick(incidentMessage(incident)) })
  const feed = (after: string) => asked(store.incidentFeed(query, { ...(after !== '' && { after }), limit: pageSize, signal }), 'resume_token')
  let token = request.resumeToken
  if (isNew) {
    // From here on: what changes while the open ones are listed comes as a change.
    token = (await feed('')).token
    for await (const incidents of openIncidents(store, query, signal)) {
      for (const incident of incidents) told.add(incident)
      yield { changes: incidents.map(incident => change('existing', incident)), resumeToken: '' }
    }
  }
  yield * follow({
    clock, signal, changed: timeoutMs => store.changed(timeoutMs, signal, token),
    async look () {
      const { incidents, token: next, more } = await feed(token)
      token = next
      const changes = incidents.flatMap(incident => { const kind = told.kindOf(incident); return kind === undefined ? [] : [change(kind, incident)] })
      return { answer: { changes, resumeToken: token }, hasNews: changes.length > 0, more }
    }
  })
}

/** The token of a page in the midst of the listing would skip the rest of it, so those pages have none. */
async function * openIncidents (store: ReadableStore, query: IncidentQuery, signal: AbortSignal): AsyncGenerator<readonly Incident[]> {
  for (let cursor: string | undefined; ;) {
    const { incidents, next } = await asked(store.incidents({ ...query, status: 'open' }, { limit: pageSize, signal, ...(cursor !== undefined && { cursor }) }))
    if (incidents.length > 0) yield incidents
    if (next === undefined) return
    cursor = next
  }
}

/** What the client of one subscription knows. */
class Told {
  readonly #versions = new Map<string, number>()

  /** `fromStart`: it was told all open ones, so one it does not know is new to it. */
  constructor (readonly fromStart: boolean) {}

  add ({ id, version }: Incident): void {
    this.#versions.delete(id)
    this.#versions.set(id, version)
    const [oldest] = this.#versions.keys()
    if (this.#versions.size > maxRemembered && oldest !== undefined) this.#versions.delete(oldest)
  }

  /** How a version is news to it; undefined: it knows it. */
  kindOf (incident: Incident): string | undefined {
    const known = this.#versions.get(incident.id)
    if (known !== undefined && known >= incident.version) return undefined
    this.add(incident)
    if (incident.mergedInto !== undefined) return 'merged'
    if (incident.status === 'resolved') return 'resolved'
    return incident.version === 1 || (known === undefined && this.fromStart) ? 'opened' : 'changed'
  }
}
