/** Conditions compiled once and asked of whole batches. */
import type { ConfigFault } from '../component/factory.js'
import type { AttributeValue } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { fieldOf, type Field } from './fields.js'
import { byAttribute, byBytes, byNumber, byOwner, byPresence, byTable, byText, columnPresence, type Narrow } from './narrow.js'
import { asMatcher, equalsList, hexOf, OperandError } from './operands.js'
import type { Condition, Matcher } from './schema.js'
import { allow, numberTest, severityTable, textTest, valueTest, wordTable } from './tests.js'

/** With more wanted strings than this, a set is asked per distinct string instead of searching the table per string. */
const maxSearches = 8

/** A list of conditions, any of which must hold. An empty list matches nothing. */
export class Conditions {
  readonly #all: readonly (readonly Narrow[])[]

  /** Throws when a condition is wrong: check with `conditionFaults` first. */
  constructor (list: readonly Condition[]) {
    this.#all = list.map(condition => Object.entries(condition).map(([name, written]) => compileField(name, asMatcher(written))))
  }

  get isEmpty (): boolean { return this.#all.length === 0 }

  /** One byte a row: 1 where a condition holds. */
  match (batch: EventBatch): Uint8Array {
    if (this.#all.length === 1) return matchAll(this.#all[0] as readonly Narrow[], batch)
    const any = new Uint8Array(batch.count)
    for (const narrows of this.#all) {
      const out = matchAll(narrows, batch)
      for (let row = 0; row < batch.count; row++) any[row] = (any[row] as number) | (out[row] as number)
    }
    return any
  }
}

function matchAll (narrows: readonly Narrow[], batch: EventBatch): Uint8Array {
  const out = new Uint8Array(batch.count).fill(1)
  for (const narrow of narrows) narrow(batch, out)
  return out
}

/** Everything wrong with a list of conditions that stands at `path`; never throws. */
export function conditionFaults (list: readonly Condition[], path: readonly (string | number)[]): ConfigFault[] {
  const faults: ConfigFault[] = []
  list.forEach((condition, i) => {
    for (const [name, written] of Object.entries(condition)) {
      try {
        compileField(name, asMatcher(written))
      } catch (error) {
        if (!(error instanceof OperandError)) throw error
        faults.push({ path: [...path, i, name], message: error.message })
      }
    }
  })
  return faults
}

function compileField (name: string, matcher: Matcher): Narrow {
  const field = fieldOf(name)
  if (typeof field === 'string') throw new OperandError(field)
  allow(matcher, `\`${name}\``, testsOf(field))
  if (matcher.exists === false) return byPresence(presence(field), false)
  if (matcher.exists === true && Object.keys(matcher).length === 1) return byPresence(presence(field), true)
  return compileTest(field, matcher)
}

function testsOf (field: Field): readonly (keyof Matcher)[] {
  switch (field.kind) {
    case 'text': case 'scope': return ['equals', 'regex', 'exists']
    // Every row has a signal and a type; 0 is a word like the others.
    case 'words': return field.column === 'signal' || field.column === 'type' ? ['equals', 'regex'] : ['equals', 'regex', 'exists']
    case 'severity': case 'attribute': case 'resource': return ['equals', 'regex', 'min', 'max', 'exists']
    case 'number': return ['equals', 'min', 'max', 'exists']
    case 'duration': case 'time': return ['min', 'max', 'exists']
    case 'bytes': return ['equals', 'exists']
  }
}

function compileTest (field: Field, matcher: Matcher): Narrow {
  switch (field.kind) {
    case 'text': {
      const wanted = equalsList(matcher)?.map(String)
      const searched = matcher.regex === undefined && wanted !== undefined && wanted.length <= maxSearches
      return byText(field.column, textTest(matcher), searched ? wanted : undefined)
    }
    case 'words': return byTable(field.column, wordTable(field.words, matcher))
    case 'severity': return byTable(field.column, severityTable(matcher))
    case 'number': case 'duration': case 'time': return byNumber(field.column, numberTest(field, matcher))
    case 'bytes': return byBytes(field.column, (equalsList(matcher) ?? []).map(v => hexOf(v, field.width)), field.width)
    case 'attribute': return byAttribute(field.key, valueTest(matcher))
    case 'resource': return byResource(field.key, matcher)
    case 'scope': {
      const test = textTest(matcher)
      return byOwner('scope', (batch, i) => { const text = batch.scopes[i]?.[field.key] ?? ''; return text !== '' && test(text) })
    }
  }
}

function byResource (key: string, matcher: Matcher): Narrow {
  const test = valueTest(matcher)
  return byOwner('resource', (batch, i) => { const value = resourceValue(batch, i, key); return value !== undefined && test(value) })
}

function resourceValue (batch: EventBatch, index: number, key: string): AttributeValue | undefined {
  const attributes = batch.resources[index]?.attributes
  return attributes !== undefined && Object.hasOwn(attributes, key) ? attributes[key] : undefined
}

function presence (field: Field): (batch: EventBatch) => ((row: number) => boolean) | undefined {
  switch (field.kind) {
    case 'attribute': return batch => { const column = batch.attribute(field.key); return column === undefined ? undefined : row => column.index[row] !== 0 }
    case 'resource': return batch => row => resourceValue(batch, batch.columns.resource[row] as number, field.key) !== undefined
    case 'scope': return batch => row => (batch.scopes[batch.columns.scope[row] as number]?.[field.key] ?? '') !== ''
    default: return columnPresence(field.column)
  }
}
