/** Pieces from which the short form's expansion is built. */
import type { Kind } from '../component/component.js'
import type { FaultList } from './faults.js'
import { pathText, type KeyPath, type MapEntry, type MapNode, type Span } from './tree.js'

/** Keys with their values and positions: a map to be. */
export type Pairs = readonly (readonly [key: string, entry: MapEntry])[]

/** The map itself. */
export function mapOf (pairs: Pairs, at: Span, origin?: KeyPath): MapNode {
  return { kind: 'map', entries: new Map(pairs), at, ...(origin === undefined ? {} : { origin }) }
}

/** The same value at another place; faults still name `origin`. */
export function moved ({ key, value }: MapEntry, origin: KeyPath): MapEntry {
  return { key, value: { ...value, origin } }
}

/** The warning for a component that this build lacks. */
export function skipped (kind: Kind, type: string, path: KeyPath, at: Span, faults: FaultList): void {
  faults.warning('CFG080', at, path, `\`${pathText(path)}\`: this build has no ${kind} \`${type}\`; skipped`)
}
