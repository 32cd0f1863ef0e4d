import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = { config: directory => ({ path: join(directory, 'events.tapio') }) }
