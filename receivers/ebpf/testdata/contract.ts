import type { ContractCase } from '../../../core/testing/contract.js'

/** The hooks that cost a busy test machine nothing. */
export const contract: ContractCase = { config: async () => ({ programs: ['memory'] }) }
