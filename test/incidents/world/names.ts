/** How objects and parts are named in answers: as core/correlation/entity.ts names entities. */
import type { EntityRef } from '../../../core/correlation/entity.js'
import type { App, NodePart, Pod, Thing } from './parts.js'

export function objectRef ({ kind, metadata: { name, namespace, uid } }: Thing): EntityRef {
  return { kind, name, uid, ...(namespace === undefined ? {} : { namespace }) }
}

export function podRef ({ app, name }: Pod): EntityRef { return { kind: 'Pod', namespace: app.namespace, name } }
export function appRef ({ kind, namespace, name }: App): EntityRef { return { kind, namespace, name } }
export function serviceRef ({ namespace, name, service }: App): EntityRef { return { kind: 'Service', namespace, name: service?.metadata.name ?? name } }
export function nodeRef ({ name }: NodePart): EntityRef { return { kind: 'Node', name } }
