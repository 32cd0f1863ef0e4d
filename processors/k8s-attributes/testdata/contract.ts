import type { ContractCase } from '../../../core/testing/contract.js'

/** Nobody listens there: rows pass without pods. */
export const contract: ContractCase = {
  config: () => ({ auth_type: 'none', api_server: 'http://127.0.0.1:1' })
}
