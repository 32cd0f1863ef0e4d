/** Objects with one or more values replaced by what does not belong there. */
import type { Random } from '../../../core/data/testing/random.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'

const wrong: readonly unknown[] = [null, [], {}, 0, -1, 1e308, '', 'x', true, [null], [[]], [{}], { '': null }, [0, 'x', null, { name: 7 }]]

type Plain = Record<string, unknown>

/** Named `name`, in namespace `odd`, so that it is nobody else's; everything else may be wrong. */
export function twisted (object: KubeObject, random: Random, name: string): unknown {
  const copy = structuredClone(object) as unknown as Plain
  const rounds = 1 + random.below(4)
  for (let i = 0; i < rounds; i++) twist(copy, random)
  const metadata = copy['metadata']
  if (random.chance(0.05)) return copy['kind'] === object.kind ? { ...copy, metadata: structuredClone(random.pick(wrong)) } : copy
  return { ...copy, metadata: { ...(typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? metadata : {}), uid: `${name}-uid`, namespace: 'odd', name } }
}

/** Walks down by chance and replaces what it comes to. */
function twist (at: Plain, random: Random): void {
  const keys = Object.keys(at).filter(key => key !== 'kind')
  if (keys.length === 0) return
  const key = random.pick(keys)
  const inner = at[key]
  if (typeof inner === 'object' && inner !== null && random.chance(0.8)) twist(inner as Plain, random)
  else at[key] = structuredClone(random.pick(wrong))
}
