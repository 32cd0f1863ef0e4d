import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = { config: directory => ({ directory: join(directory, 'store') }) }
