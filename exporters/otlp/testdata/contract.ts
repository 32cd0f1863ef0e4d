import type { ContractCase } from '../../../core/testing/contract.js'

/** Nobody listens there: every answer is `retry`. */
export const contract: ContractCase = { config: () => ({ endpoint: '127.0.0.1:1', tls: { insecure: true } }) }
