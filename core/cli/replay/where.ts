/** A condition on the command line: `FIELD=VALUE`, or a map as in YAML. */
import { Value } from '@sinclair/typebox/value'
import { InvalidArgumentError } from 'commander'
import { parse } from 'yaml'
import { conditionFaults } from '../../match/conditions.js'
import { conditionSchema, type Condition } from '../../match/schema.js'

export function parseWhere (text: string): Condition {
  const condition = text.trimStart().startsWith('{') ? parseMap(text) : parsePair(text)
  const [fault] = conditionFaults([condition], [])
  if (fault !== undefined) throw new InvalidArgumentError(`${String(fault.path.at(-1))}: ${fault.message}.`)
  return condition
}

function parseMap (text: string): Condition {
  const value = parseYaml(text)
  if (!Value.Check(conditionSchema, value)) throw new InvalidArgumentError('give a map of fields with a value, a list of values, or tests (equals, regex, min, max, exists).')
  return value
}

function parsePair (text: string): Condition {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('give FIELD=VALUE, as resource.service.name=cart, or a map, as {name: [a, b]}.')
  const value = parseYaml(text.slice(at + 1))
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return { [text.slice(0, at).trim()]: isPlain ? value : text.slice(at + 1) }
}

/** What is no YAML is text. */
function parseYaml (text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}
