import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = {
  outputs: ['events/a', 'events/b'],
  config: () => ({ table: [{ when: [{ severity: { min: 'warning' } }], pipelines: ['events/a', 'events/b'] }, { when: [{ signal: 'logs' }], pipelines: ['events/b'] }] })
}
