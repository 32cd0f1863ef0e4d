import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

/** No bus, a journal that is not there, and a position of its own: nothing of the machine that runs the tests. */
export const contract: ContractCase = {
  config: async directory => ({
    bus: { enabled: true, address: `unix:path=${join(directory, 'bus')}`, timeout: 1000, resync_interval: 30_000 },
    state_directory: join(directory, 'state')
  })
}
