/**
 * An object as it may leave the cluster's control plane: all of it, without what only the API server needs (managed fields) and
 * without what people put where secrets do not belong (values of variables, arguments and probe headers that look like some,
 * the copy of all that which `kubectl apply` leaves in an annotation).
 */
import type { KubeObject } from '../objects.js'
import { keptArguments, keptProbe, publishedEnv } from './template.js'

type Fields = Readonly<Record<string, unknown>>

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
/** Where containers are, from the object down. */
const podSpecs = [['spec'], ['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec']] as const
const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const
const values = new Set(['data', 'stringData', 'binaryData'])

export function published (object: KubeObject): KubeObject {
  let result = Object.fromEntries(Object.entries(object).filter(([key]) => !values.has(key))) as Fields
  result = { ...result, metadata: publishedMetadata((object.metadata ?? {}) as Fields) }
  for (const path of podSpecs) result = changedAt(result, path, publishedPodSpec)
  return result as KubeObject
}

function publishedMetadata ({ managedFields: _, annotations, ...metadata }: Fields): Fields {
  if (!isFields(annotations) || !Object.hasOwn(annotations, lastApplied)) return annotations === undefined ? metadata : { ...metadata, annotations }
  return { ...metadata, annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== lastApplied)) }
}

function publishedPodSpec (spec: Fields): Fields {
  let result = spec
  for (const list of containerLists) {
    const containers = spec[list]
    if (Array.isArray(containers)) result = { ...result, [list]: containers.map(c => isFields(c) ? publishedContainer(c) : c) }
  }
  return result
}

const parts: readonly (readonly [string, (value: unknown) => unknown])[] = [
  ['env', publishedEnv], ['command', keptArguments], ['args', keptArguments], ['livenessProbe', keptProbe], ['readinessProbe', keptProbe], ['startupProbe', keptProbe]
]

function publishedContainer (container: Fields): Fields {
  const result: Record<string, unknown> = { ...container }
  for (const [name, hide] of parts) if (container[name] !== undefined) result[name] = hide(container[name])
  return result
}

/** `fields` with what is at `path` changed; the same when there is nothing. */
function changedAt (fields: Fields, [key, ...rest]: readonly string[], change: (inner: Fields) => Fields): Fields {
  if (key === undefined) return change(fields)
  const inner = fields[key]
  return isFields(inner) ? { ...fields, [key]: changedAt(inner, rest, change) } : fields
}

function isFields (value: unknown): value is Fields { return typeof value === 'object' && value !== null && !Array.isArray(value) }
