/**
 * Several sources into one tree, by the Collector's rule: maps are merged key by key, lists and scalars are replaced.
 * Every value keeps the position of the source it came from.
 */
import type { MapEntry, MapNode, TreeNode } from './tree.js'

/** What a later source replaced. It is gone from the result, but its line may be shown, so its secrets still need masking. */
export type Shadowed = TreeNode[]

export function mergeTrees (below: TreeNode, above: TreeNode, shadowed: Shadowed): TreeNode {
  // `otlp:` in a later file means "with all defaults or what was said before", not "forget what was said".
  if (above.kind === 'scalar' && above.value === null && below.kind === 'map') return below
  if (below.kind !== 'map' || above.kind !== 'map') {
    shadowed.push(below)
    return above
  }
  return mergeMaps(below, above, shadowed)
}

export function mergeMaps (below: MapNode, above: MapNode, shadowed: Shadowed): MapNode {
  const entries = new Map<string, MapEntry>(below.entries)
  for (const [key, entry] of above.entries) {
    const old = entries.get(key)
    if (old === undefined) {
      entries.set(key, entry)
      continue
    }
    const value = mergeTrees(old.value, entry.value, shadowed)
    entries.set(key, value === old.value ? old : { key: entry.key, value })
  }
  return { kind: 'map', entries, at: below.entries.size > 0 ? below.at : above.at }
}
