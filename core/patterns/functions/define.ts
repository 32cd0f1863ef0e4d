/** How a function of expressions is written down: the code and the table of the README come from it. */
export interface PatternFunction {
  /** Names, for the README. */
  readonly parameters: readonly string[]
  readonly says: string
  /** Gets what the expression gives: numbers may be `bigint`. Never throws for a wrong shape, which reads like a missing one. */
  readonly run: (...args: unknown[]) => unknown
}

export type PatternFunctions = Readonly<Record<string, PatternFunction>>

export function define (parameters: string, says: string, run: (...args: unknown[]) => unknown): PatternFunction {
  return { parameters: parameters === '' ? [] : parameters.split(', '), says, run }
}

export const text = (value: unknown): string => typeof value === 'string' ? value : value === null || value === undefined ? '' : typeof value === 'object' ? '' : String(value)
export const list = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : value instanceof Set ? [...value] : []
export const number = (value: unknown): number => typeof value === 'bigint' || typeof value === 'number' ? Number(value) : NaN
