import type { ContractCase } from '../../../core/testing/contract.js'

/** Free ports: the contract runs beside whatever else listens on this machine. */
export const contract: ContractCase = {
  config: () => ({ protocols: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } } })
}
