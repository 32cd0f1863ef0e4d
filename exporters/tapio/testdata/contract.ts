import type { ContractCase } from '../../../core/testing/contract.js'

/** Nobody listens there: every answer is `retry`, soon. */
export const contract: ContractCase = { config: () => ({ endpoint: '127.0.0.1:1', max_elapsed_time: 1, reconnect: { initial_interval: 10, max_interval: 10, multiplier: 1, randomization_factor: 0 } }) }
