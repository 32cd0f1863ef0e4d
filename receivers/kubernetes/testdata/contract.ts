import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

/** Nobody listens there: it says so, goes on trying, and stops in time. */
export const contract: ContractCase = {
  config: directory => ({ auth_type: 'none', api_server: 'http://127.0.0.1:1', checkpoint: { enabled: true, file: join(directory, 'checkpoint'), interval: 1000 } })
}
