/** The tables of README.md, from what the engine reads and offers. */
import { patternFaultCodes } from '../config/fault-codes.js'
import { compareFields, conditionExtras, conditionFields, expectFields, patternFields, rateFields, sequenceFields, symptomFields, textTestFields } from './format.js'
import { functionGroups } from './functions/index.js'
import { reaches, variables } from './scope.js'
import type { Fields } from './shape.js'

export interface TableOf { readonly head: readonly string[], readonly rows: readonly (readonly string[])[] }

const keys = (fields: Fields): TableOf => ({
  head: ['key', 'meaning'],
  rows: Object.entries(fields).map(([key, { says, required }]) => [`\`${key}\`${required === true ? ' (required)' : ''}`, says])
})

const words = (entries: Readonly<Record<string, string>>, head: readonly string[]): TableOf => ({ head, rows: Object.entries(entries).map(([name, says]) => [`\`${name}\``, says]) })

export const patternTables: Readonly<Record<string, () => TableOf>> = {
  keys: () => keys(patternFields),
  conditions: () => keys({ ...conditionFields, ...conditionExtras }),
  symptom: () => keys(symptomFields),
  'value-tests': () => keys(textTestFields),
  rate: () => keys({ per: rateFields['per'] as Fields[string], min: rateFields['min'] as Fields[string], max: rateFields['max'] as Fields[string] }),
  sequence: () => keys(sequenceFields),
  compare: () => keys(compareFields),
  expect: () => keys(expectFields),
  reaches: () => words({ ...reaches, 'related:EDGE': 'what it is joined to by edges of that kind, in either direction (topology/README.md)' }, ['of', 'where']),
  variables: () => words(variables, ['variable', 'what it holds']),
  functions: () => ({
    head: ['function', 'gives'],
    rows: Object.entries(functionGroups).flatMap(([group, functions]) => [[`**${group}**`, ''], ...Object.entries(functions).map(([name, { parameters, says }]) => [`\`${name}(${parameters.join(', ')})\``, says])])
  }),
  faults: () => ({ head: ['code', 'meaning'], rows: Object.entries(patternFaultCodes).map(([code, meaning]) => [code, meaning]) })
}
