/** Incidents of an API as a store would give them. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { ApiClient } from '../../api/client/client.js'
import { CorrelationService } from '../../api/gen/tapio/v1/correlation_service_pb.js'
import { incidentOf } from '../../api/messages/incident.js'
import type { Incident } from '../../incidents/incident.js'
import type { IncidentQuery } from '../../story/select.js'
import type { IncidentReader } from '../incident-reader.js'

export class ApiIncidents implements IncidentReader {
  constructor (readonly api: ApiClient) {}

  async incidents ({ id = '', traceId = '', entity, sinceMs }: IncidentQuery, { limit, cursor = '' }: { readonly limit: number, readonly cursor?: string }): Promise<{ incidents: readonly Incident[], next?: string }> {
    const page = await this.api.unary(CorrelationService.method.getIncidents, {
      id, traceId, page: { size: limit, token: cursor },
      ...(entity !== undefined && { entity: { kind: entity.kind, namespace: entity.namespace ?? '', name: entity.name } }),
      ...(sinceMs !== undefined && { since: timestampFromMs(sinceMs) })
    })
    // What is no incident of a kind this Tapio reads is passed on as such: it is counted.
    return { incidents: page.incidents.map(message => incidentOf(message) ?? ({ id: message.id } as Incident)), ...(page.nextPageToken !== '' && { next: page.nextPageToken }) }
  }

  close (): Promise<void> { return this.api.close() }
}
