import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = { config: directory => ({ endpoint: '127.0.0.1:0', state_file: join(directory, 'state') }) }
