/** What patterns can be asked about. */
import { entityKey } from '../correlation/entity.js'
import type { NodeRef } from '../topology/graph/view.js'
import { textAt } from '../topology/graph/plain.js'
import type { Scene } from './scene.js'
import { workloadKinds } from './world.js'

/** Stored objects of the kinds, then entities of symptoms that are not stored (a node of a machine without Kubernetes). `workload` stands for its kinds. */
export function * subjectsOf ({ model, symptoms }: Scene, kinds: Iterable<string>): Generator<NodeRef> {
  const wanted = new Set([...kinds].flatMap(kind => kind === 'workload' ? [...workloadKinds, 'Pod'] : [kind]))
  const seen = new Set<string>()
  for (const kind of wanted) {
    for (const object of model.objects(kind)) {
      const ref = { kind, namespace: textAt(object, 'metadata', 'namespace'), name: textAt(object, 'metadata', 'name') }
      seen.add(entityKey(ref))
      yield ref
    }
  }
  for (const { entity } of symptoms.all()) {
    if (!wanted.has(entity.kind) || seen.has(entityKey(entity))) continue
    seen.add(entityKey(entity))
    yield { kind: entity.kind, namespace: entity.namespace ?? '', name: entity.name }
  }
}
