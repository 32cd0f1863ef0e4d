import type { ContractCase } from '../../../core/testing/contract.js'

/** The hooks that cost a busy test machine nothing; nothing is kept on its disk. */
export const contract: ContractCase = { config: async () => ({ programs: ['memory'], raw_store: { enabled: false } }) }
