/** Runs the example of a code as a person would and gives what Tapio prints. */
import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tryPrepare } from '../cli/prepare.js'
import { registryUrl } from '../cli/registry.js'
import type { FaultCode } from '../config/fault-codes.js'
import type { Example } from './entries.js'

/** In a folder of its own that is gone afterwards, and the working folder of the process meanwhile: one at a time. */
export async function printedOf (code: FaultCode, example: Example): Promise<string> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tapio-example-')))
  const before = process.cwd()
  try {
    writeFiles(folder, code, example)
    process.chdir(folder)
    const printed = code.startsWith('PAT') ? await printedOfPatterns() : await printedOfConfig(example)
    return printed.replaceAll(`${folder}/`, '').trimEnd()
  } finally {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeFiles (folder: string, code: FaultCode, { yaml, files = {} }: Example): void {
  if (yaml !== undefined) writeFileSync(join(folder, code.startsWith('PAT') ? 'patterns.yaml' : 'tapio.yaml'), yaml)
  // A file that nobody can come to is not open to anybody, whatever its mode.
  if (Object.keys(files).length > 0) chmodSync(folder, 0o755)
  for (const [name, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o600 } : file
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }
}

/** What was printed of one code: each fault is a block of its own. */
export function blocksOf (code: FaultCode, printed: string): string {
  return printed.split(/\n\n(?=(?:error|warning)\[)/).filter(block => block.includes(`[${code}]`)).join('\n\n')
}

async function printedOfConfig ({ set = [], env = {} }: Example): Promise<string> {
  let printed = ''
  const print = (text: string): void => { printed += text }
  await tryPrepare({ config: ['tapio.yaml'], set }, { out: print, err: print, color: false, env, modules: [registryUrl] })
  return printed
}

async function printedOfPatterns (): Promise<string> {
  const [{ PatternLibrary }, { renderFaults }] = await Promise.all([import('../patterns/library.js'), import('../config/render.js')])
  return renderFaults(PatternLibrary.load(['patterns.yaml']).faults)
}
