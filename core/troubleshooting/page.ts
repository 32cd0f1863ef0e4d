/** The parts of the troubleshooting page that follow from code (core/tools/gen.ts). */
import { faultCodes, patternFaultCodes, type FaultCode } from '../config/fault-codes.js'
import type { ComponentFactory } from '../component/factory.js'
import { entries } from './entries.js'
import { blocksOf, printedOf } from './run-example.js'

export const meanings: Readonly<Record<FaultCode, string>> = { ...faultCodes, ...patternFaultCodes }

/** Wide source lines say nothing more when they are whole. */
const maxColumns = 160

/** Each code: what it means, what Tapio prints, what to do. */
export async function codesText (): Promise<string> {
  const sections: string[] = []
  for (const [code, { advice, example }] of Object.entries(entries) as [FaultCode, (typeof entries)[FaultCode]][]) {
    const shown = typeof example === 'string' ? example : fenced(blocksOf(code, await printedOf(code, example)))
    sections.push(`### ${code}: ${meanings[code]}\n\n${shown}\n\n${advice}`)
  }
  return sections.join('\n\n')
}

function fenced (text: string): string {
  return ['```', ...text.split('\n').map(line => line.length > maxColumns ? `${line.slice(0, maxColumns)}…` : line), '```'].join('\n')
}

/** Every reason for which something may be dropped, with who may give it and what it means there. */
export function dropReasons (factories: readonly ComponentFactory[], shared: Readonly<Record<string, string>>): readonly (readonly [string, string, string])[] {
  const rows: (readonly [string, string, string])[] = Object.entries(shared).map(([reason, meaning]) => [reason, 'every exporter with delivery options', meaning])
  for (const { kind, type, drops } of factories) for (const [reason, meaning] of Object.entries(drops)) if (shared[reason] !== meaning) rows.push([reason, `${kind} ${type}`, meaning])
  return rows.sort(([a, who], [b, other]) => a + who < b + other ? -1 : 1)
}
