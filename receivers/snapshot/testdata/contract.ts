import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = {
  async config (directory) {
    await mkdir(join(directory, 'shop'))
    await writeFile(join(directory, 'shop', 'pods.json'), JSON.stringify({ kind: 'PodList', items: [{ metadata: { name: 'cart-0', namespace: 'shop' }, status: { phase: 'Failed', reason: 'Evicted' } }] }))
    await writeFile(join(directory, 'notes.bin'), 'what nobody knows')
    return { paths: [directory] }
  }
}
