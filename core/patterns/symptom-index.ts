/** Symptoms by sign, namespace and node: made once for a state of them. */
import type { Symptom } from '../correlation/symptom.js'
import type { Symptoms } from '../correlation/symptoms.js'

/** Entities that live on a node and have its name as namespace. */
const onNodeKinds: ReadonlySet<string> = new Set(['Unit', 'Process', 'Interface'])

export class SymptomIndex {
  readonly bySign = new Map<string, Symptom[]>()
  readonly byNamespace = new Map<string, Symptom[]>()
  /** Of nodes and of what runs on them outside of pods, by the node's name. */
  readonly byNode = new Map<string, Symptom[]>()

  constructor (readonly symptoms: Symptoms) {
    for (const symptom of symptoms.all()) {
      const { kind, namespace = '', name } = symptom.entity
      put(this.bySign, symptom.sign, symptom)
      if (kind === 'Node') put(this.byNode, name, symptom)
      else if (onNodeKinds.has(kind)) put(this.byNode, namespace, symptom)
      else if (kind === 'Namespace') put(this.byNamespace, name, symptom)
      else if (namespace !== '') put(this.byNamespace, namespace, symptom)
    }
  }

  signs (): Iterable<string> { return this.bySign.keys() }
}

interface Kept { readonly version: number, readonly size: number, readonly index: SymptomIndex }
const kept = new WeakMap<Symptoms, Kept>()

export function symptomIndex (symptoms: Symptoms): SymptomIndex {
  const known = kept.get(symptoms)
  if (known !== undefined && known.version === symptoms.version && known.size === symptoms.size) return known.index
  const index = new SymptomIndex(symptoms)
  kept.set(symptoms, { version: symptoms.version, size: symptoms.size, index })
  return index
}

function put (map: Map<string, Symptom[]>, key: string, symptom: Symptom): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [symptom])
  else known.push(symptom)
}
