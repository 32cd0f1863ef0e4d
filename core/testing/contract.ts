/** What a component's `testdata/contract.ts` exports as `contract`, when its defaults alone cannot run. */
export interface ContractCase {
  /** Options beside the defaults, in typed form; `directory` is an empty folder of its own. */
  config?(directory: string): object | Promise<object>
  /** Connectors: names of the pipelines that begin with it. */
  readonly outputs?: readonly string[]
}
