/** Messages of the thread that runs the contract (contract-worker.ts), and what it is given. */
import type { PluginReference } from '../reference.js'

export interface ContractOrder {
  /** `options.isolation` says where the components run: in threads of their own, or in this one. */
  readonly reference: PluginReference
  /** By `kind/type`, as YAML has them: options without which a component cannot be made. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface ContractResult {
  /** `processor/redact`. */
  readonly component: string
  readonly test: string
  /** What does not hold; undefined when it does. */
  readonly fault: string | undefined
}

export type FromContract =
  | { readonly type: 'begins', readonly component: string, readonly test: string }
  | { readonly type: 'result', readonly result: ContractResult }
  | { readonly type: 'done' }
