/** The schema validator (ajv) over typed values, its compiled form kept per schema. */
import type { TSchema } from '@sinclair/typebox'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import type { Check, Place } from './check.js'
import { explain } from './explain.js'
import { formats } from './formats.js'

// Draft 2019-09 has `dependentRequired` and `unevaluatedProperties`, which TypeBox writes. Not strict: a plugin's schema may carry keywords of its own. No logger: ajv would write to the terminal by itself.
const ajv = new Ajv2019({ allErrors: true, verbose: true, strict: false, logger: false, formats, unicodeRegExp: true })

const compiled = new WeakMap<TSchema, ValidateFunction>()

function validatorOf (schema: TSchema): ValidateFunction {
  let validator = compiled.get(schema)
  if (validator === undefined) {
    // A schema's `$id` is global to an ajv instance; two plugins may carry the same schema twice.
    const anonymous = { ...schema }
    delete anonymous.$id
    validator = ajv.compile(anonymous)
    compiled.set(schema, validator)
  }
  return validator
}

/** Why a schema cannot be used, or empty. */
export function schemaFault (schema: TSchema): string {
  try {
    validatorOf(schema)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** True when a typed value fits. */
export function fits (schema: TSchema, value: unknown): boolean {
  return schemaFault(schema) === '' && validatorOf(schema)(value)
}

/** Reports everything the schema has against a typed value that stands at `place`. */
export function validateValue (schema: TSchema, value: unknown, place: Place, check: Check): void {
  const broken = schemaFault(schema)
  if (broken !== '') {
    check.faults.error('CFG052', place.key, place.path, `the schema of this component is broken: ${broken.slice(0, 200)}`, { help: 'this is a bug of the component, not of the configuration' })
    return
  }
  const validate = validatorOf(schema)
  if (validate(value)) return
  const errors = (validate.errors ?? []).filter(error => !isDetail(error) && !isReported(place.pointer + error.instancePath, check))
  for (const error of errors) explain(error, place, check)
}

/** Errors of the single alternatives; the error of the union as a whole follows them. */
const isDetail = (error: ErrorObject): boolean =>
  /\/(?:anyOf|oneOf)\/\d+(?:\/|$)/.test(error.schemaPath) || error.keyword === 'if'

function isReported (pointer: string, check: Check): boolean {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    if (check.reported.has(at)) return true
    if (at === '' || !at.includes('/')) return false
  }
}
