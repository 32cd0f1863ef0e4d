/** `tapio incidents --watch`: incidents as they open, change and end. */
import type { ApiClient } from '../../api/client/client.js'
import { CorrelationService } from '../../api/gen/tapio/v1/correlation_service_pb.js'
import type { IncidentChange } from '../../api/gen/tapio/v1/incident_pb.js'
import { incidentOf } from '../../api/messages/incident.js'
import type { Incident, Level } from '../../incidents/incident.js'
import { pageOf, type Colors } from '../../story/layout.js'
import { printable, safeJson } from '../../story/printable.js'
import { levelPaint } from '../../story/text.js'
import { dateMinute, levelWords } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { print } from './ask.js'
import { followed } from './followed.js'

export interface WatchOptions {
  readonly severity: Level
  readonly output: 'text' | 'json'
  readonly color: boolean
}

export async function watchIncidents ({ severity, output, color }: WatchOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const { colors } = pageOf(io.columns, io.color && color)
  const open = (resumeToken: string) => api.stream(CorrelationService.method.subscribeToIncidents, { minSeverity: severity, resumeToken }, { signal })
  let isTold = io.isErrTerminal !== true
  for await (const { changes } of followed('incidents', open, message => message.resumeToken, io, signal)) {
    const known = changes.flatMap(change => { const incident = incidentIn(change); return incident === undefined ? [] : [{ kind: change.kind, incident }] })
    if (known.length < changes.length) io.err(`tapio incidents: ${changes.length - known.length} could not be read\n`)
    await print(io, known.map(({ kind, incident }) => output === 'json' ? `${safeJson(JSON.stringify({ kind, incident }))}\n` : `${lineOf(kind, incident, colors)}\n`).join(''))
    if (!isTold) io.err('tapio incidents: watching; Ctrl-C ends it\n')
    isTold = true
  }
  return 'ok'
}

function incidentIn ({ incident }: IncidentChange): Incident | undefined { return incident === undefined ? undefined : incidentOf(incident) }

const kindRoom = 'existing'.length
const levelRoom = 'critical'.length

/** `12:00 opened 5b1f… critical title`: what changed, of which, how bad. */
function lineOf (kind: string, { id, startMs, severity, title, events, impact }: Incident, c: Colors): string {
  const paint = { existing: c.dim, opened: c.bold, changed: c.dim, resolved: c.green, merged: c.dim }[kind] ?? c.dim
  return [
    paint(printable(kind, 20).padEnd(kindRoom)), printable(id, 64), dateMinute(startMs), levelPaint(c, severity)(levelWords[severity].toLowerCase().padEnd(levelRoom)),
    `${printable(title)}${c.dim(` (${impact.affected.length} affected, ${events} ${events === 1 ? 'event' : 'events'})`)}`
  ].join('  ')
}
