/** `tapio explain CFG031`: what a code means and what to do about it, as on the troubleshooting page. */
import pc from 'picocolors'
import { nearest } from '../config/suggest.js'
import type { FaultCode } from '../config/fault-codes.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

/** Ids of incidents are hex digits, which no code is. */
export function isCode (text: string): boolean { return /^[a-z]{3}\d{3}$/i.test(text) && !/^[0-9a-f]+$/i.test(text) }

const maxExampleLines = 14

export async function explainCode (text: string, io: CommandIo): Promise<ExitName> {
  const [{ entries }, { meanings }] = await Promise.all([import('../troubleshooting/entries.js'), import('../troubleshooting/page.js')])
  const code = text.toUpperCase() as FaultCode
  const entry = entries[code] as (typeof entries)[FaultCode] | undefined
  if (entry === undefined) {
    const near = nearest(code, Object.keys(entries))
    io.err(`tapio explain: there is no code ${code}${near === undefined ? '' : `; did you mean ${near}?`}\n`)
    return 'failure'
  }
  const c = pc.createColors(io.color)
  const { advice, example } = entry
  io.out(`${c.bold(code)}: ${meanings[code]}\n\n${advice}\n`)
  const lines = typeof example === 'string' || typeof example.yaml !== 'string' ? [] : example.yaml.trimEnd().split('\n')
  if (lines.length > 0 && lines.length <= maxExampleLines && lines.every(line => line.length < 200)) io.out(`\nFor instance:\n\n${lines.map(line => c.dim(`    ${line}`)).join('\n')}\n`)
  return 'ok'
}
