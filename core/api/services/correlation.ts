/** CorrelationService: what Tapio has understood. */
import type { Clock } from '../../component/clock.js'
import { EventIds } from '../../data/ids.js'
import type { EventBatch } from '../../data/batch.js'
import { timeOf } from '../../store/match.js'
import type { Incident } from '../../incidents/incident.js'
import { pageOf, type Page as TextPage } from '../../story/layout.js'
import { storyMarkdown } from '../../story/markdown.js'
import { storyOf, wholeStory } from '../../story/story.js'
import { storyText } from '../../story/text.js'
import { ApiError, serve, type ServedService } from '../call.js'
import { CorrelationService } from '../gen/tapio/v1/correlation_service_pb.js'
import { IncidentSchema } from '../gen/tapio/v1/incident_pb.js'
import { batchOf } from '../messages/event-input.js'
import { badField } from '../messages/faults.js'
import { fieldsOf } from '../messages/fields.js'
import { actionMessage, incidentMessage } from '../messages/incident.js'
import { linkMessage } from '../messages/link.js'
import { incidentQueryOf, pageOptionsOf } from '../messages/questions.js'
import type { Analysis } from './analysis.js'
import { asked, storeOr, type ReadableStore } from './asking.js'
import { subscribed } from './incidents.js'

export interface CorrelationServiceOptions {
  readonly store: ReadableStore | undefined
  readonly analysis: Analysis
  readonly clock: Clock
}

const defaultWidth = 100
const minWidth = 40

export function correlationService ({ store, analysis, clock }: CorrelationServiceOptions): ServedService {
  const ids = new EventIds()
  return serve(CorrelationService, {
    async getIncidents (request, { signal }) {
      const wanted = fieldsOf(request.fields, IncidentSchema)
      const { incidents, next = '' } = await asked(storeOr(store).incidents(incidentQueryOf(request), pageOptionsOf(request.page, signal)))
      return { incidents: incidents.map(i => wanted.pick(incidentMessage(i))), nextPageToken: next }
    },

    async getIncident ({ id, fields }) {
      const wanted = fieldsOf(fields, IncidentSchema)
      return { incident: wanted.pick(incidentMessage(await theIncident(storeOr(store), id))) }
    },

    subscribeToIncidents: (request, call) => subscribed(request, call, storeOr(store), clock),

    async getStory ({ id, format, width, full }) {
      const incident = await theIncident(storeOr(store), id)
      const story = storyOf(incident, full ? wholeStory : {})
      return { story: format === 'markdown' ? storyMarkdown(story) : storyText(story, textPage(width)) }
    },

    async getRecommendedActions ({ id }) {
      return { actions: (await theIncident(storeOr(store), id)).actions.map(actionMessage) }
    },

    async getCorrelations ({ incidentId, symptomId, page }, { signal }) {
      if ((incidentId === '') === (symptomId === '')) throw badField('incident_id', 'or symptom_id is expected, one of the two: links are listed by incident or by symptom')
      const kept = storeOr(store)
      if (incidentId !== '') await theIncident(kept, incidentId)
      const { links, next = '' } = await asked(kept.links(incidentId !== '' ? { incident: incidentId } : { symptom: symptomId }, pageOptionsOf(page, signal)))
      return { correlations: links.map(linkMessage), nextPageToken: next }
    },

    async analyzeEvents ({ events }, { signal }) {
      const batch = inTime(batchOf(events, ids, clock.unixNano()))
      return { incidents: (await analysis.explain(batch, signal)).map(incidentMessage) }
    }
  })
}

/** By its id or the first digits of it. Rejects with ApiError when no incident has them, or several. */
async function theIncident (store: ReadableStore, id: string): Promise<Incident> {
  const found = await asked(store.incident(id))
  if (found !== undefined) return found
  const { incidents, next } = await asked(store.incidents({ id }, { limit: 5 }))
  if (incidents.length === 0) throw new ApiError('NOT_FOUND', `the store has no incident whose id begins with ${id}; it may have been deleted by its age`)
  throw badField('id', `begins the ids of several incidents: ${incidents.map(i => i.id).join(', ')}${next === undefined ? '' : ', …'}; give more digits`)
}

/** People paste it where they like: no colours, and as wide as they say. */
function textPage (width: number): TextPage { return { ...pageOf(undefined, false), width: Math.max(minWidth, width === 0 ? defaultWidth : width) } }

function inTime (batch: EventBatch): EventBatch {
  const times = Array.from({ length: batch.count }, (_, row) => timeOf(batch, row))
  const rows = Uint32Array.from(times.keys()).sort((a, b) => { const [x, y] = [times[a] as bigint, times[b] as bigint]; return x < y ? -1 : x > y ? 1 : a - b })
  return batch.select(rows)
}
