/** Links between symptoms, in both directions. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { linkKinds, type Link } from '../../correlation/link.js'
import type { Correlation, CorrelationSchema } from '../gen/tapio/v1/incident_pb.js'
import { entityMessage, entityOf } from './entity.js'
import { durationOf, msOfDuration } from './time.js'

export function linkMessage ({ id, cause, effect, kind, by, confidence, lagMs, path, why, events }: Link): MessageInitShape<typeof CorrelationSchema> {
  return { id, cause, effect, kind, by, confidence, lag: durationOf(lagMs), path: path.map(entityMessage), why, events: [...events] }
}

/** undefined: of a kind that this Tapio does not know. */
export function linkOf ({ id, cause, effect, kind: word, by, confidence, lag, path, why, events }: Correlation): Link | undefined {
  const kind = linkKinds.find(k => k === word)
  return kind === undefined ? undefined : { id, cause, effect, kind, by, confidence, lagMs: lag === undefined ? 0 : msOfDuration(lag), path: path.map(entityOf), why, events }
}
