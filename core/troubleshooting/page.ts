/** The parts of the troubleshooting page that follow from code (core/tools/gen.ts). */
import { faultCodes, patternFaultCodes, type FaultCode } from '../config/fault-codes.js'
import type { ComponentFactory } from '../component/factory.js'
import type { DropRemedies } from '../component/remedy.js'
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

/** Reasons that are given by something other than one component: who gives them, what they mean, what to do. */
export interface SharedReasons { readonly who: string, readonly drops: Readonly<Record<string, string>>, readonly remedies: DropRemedies }

/** Every reason for which something may be dropped, with who may give it, what it means there, and what to do. */
export function dropReasons (factories: readonly ComponentFactory[], shared: readonly SharedReasons[]): readonly (readonly [string, string, string, string])[] {
  const rowsOf = (who: string, drops: Readonly<Record<string, string>>, remedies: DropRemedies = {}) => Object.entries(drops).map(([reason, meaning]) => [reason, who, meaning, remedies[reason]?.action ?? ''] as const)
  const own = factories.flatMap(({ kind, type, drops, remedies }) => rowsOf(`${kind} ${type}`, drops, remedies))
  const common = shared.flatMap(({ who, drops, remedies }) => rowsOf(who, drops, remedies))
  return [...common, ...own.filter(([reason, , meaning]) => !shared.some(({ drops }) => drops[reason] === meaning))].sort(([a, who], [b, other]) => a + who < b + other ? -1 : 1)
}
