import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContractCase } from '../../../core/testing/contract.js'

export const contract: ContractCase = {
  async config (directory) {
    const path = join(directory, 'events.jsonl')
    await writeFile(path, '{"name":"one","timeUnixNano":"1767225600000000000"}\nnot an event\n')
    return { paths: [path] }
  }
}
