/** The whole check of one set of options: coerce, validate, then the component's own check. */
import type { TSchema } from '@sinclair/typebox'
import type { ComponentFactory } from '../component/factory.js'
import { coerce } from './coerce.js'
import { nameOf, type Check, type Place, type SecretSource } from './check.js'
import { FaultList } from './faults.js'
import { fromPlain, locate, nowhere, type KeyPath, type Span, type TreeNode } from './tree.js'
import { validateValue } from './validator.js'

/** What a load gathers on its way. */
export interface Gathered {
  readonly faults: FaultList
  readonly masked: Span[]
  /** What secrets were taken from. */
  readonly secretSources: SecretSource[]
}

export interface Checked {
  readonly value: unknown
  /** False when the value has faults, also such as were reported before (a substitution that failed): do not look into it. */
  readonly sound: boolean
}

/** The typed value of `node`; faults are added to `gathered`. */
export function checkOptions (schema: TSchema, node: TreeNode, key: Span, path: KeyPath, gathered: Gathered, factory?: ComponentFactory): Checked {
  const place: Place = { node, key, path: node.origin ?? path, pointer: '' }
  const check: Check = { faults: new FaultList(), reported: new Set(), masked: gathered.masked, secretSources: gathered.secretSources, secrets: [] }
  const value = coerce(schema, place, check)
  validateValue(schema, value, place, check)
  const isSound = (): boolean => check.faults.errors === 0 && check.reported.size === 0
  if (isSound() && factory?.check !== undefined) ownCheck(factory, value, place, check)
  for (const fault of check.faults.items) gathered.faults.add(fault)
  return { value, sound: isSound() }
}

function ownCheck (factory: ComponentFactory, value: unknown, place: Place, check: Check): void {
  try {
    for (const { path, message } of factory.check?.(value) ?? []) {
      const { node, key, path: shown } = locate(place.node, place.key, place.path, path)
      check.faults.error('CFG041', node?.at ?? key, shown, withoutSecrets(message, check.secrets))
    }
  } catch {
    // The text of what was thrown may quote the options, secrets included.
    check.faults.error('CFG052', place.key, place.path, `the check of \`${nameOf(place)}\` failed`, { help: 'this is a bug of the component, not of the configuration' })
  }
}

function withoutSecrets (message: string, secrets: readonly string[]): string {
  return [...secrets].sort((a, b) => b.length - a.length).reduce((text, secret) => text.replaceAll(secret, '[redacted]'), message)
}

export type OptionsResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly string[] }

/** Types plain options, as the programmatic builder and component tests have them: `{ timeout: '5s' }` to `{ timeout: 5000 }`. */
export function parseOptions (factory: Pick<ComponentFactory, 'schema'> & Partial<ComponentFactory>, options: unknown = {}): OptionsResult {
  const faults = new FaultList()
  const { value } = checkOptions(factory.schema, fromPlain(options), nowhere, [], { faults, masked: [], secretSources: [] }, factory as ComponentFactory)
  return faults.errors === 0 ? { ok: true, value } : { ok: false, faults: faults.items.map(f => f.message) }
}
