/** Checks a request against the rules its proto file gives (proto/tapio/v1/options.proto), before a method sees it. */
import { getOption, hasOption, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf'
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import { RE2JS } from 're2js'
import { rules, type FieldRules } from './gen/tapio/v1/options_pb.js'

export interface FieldFault { readonly path: string, readonly reason: string }

const defaultMaxLength = 4096
const defaultMaxItems = 1000
const maxFaults = 20
const maxDepth = 32

/** What is wrong, by path in the proto files' names; at most 20 faults. */
export function checkRules (schema: DescMessage, message: Message): readonly FieldFault[] {
  const faults: FieldFault[] = []
  checkMessage(reflect(schema, message), '', 0, faults)
  return faults.slice(0, maxFaults)
}

/** The rules of a field; undefined when it has none beyond the general limits. */
export function rulesOf (field: DescField): FieldRules | undefined { return hasOption(field, rules) ? getOption(field, rules) : undefined }

function checkMessage (message: ReflectMessage, path: string, depth: number, faults: FieldFault[]): void {
  // Values of Struct are recursive; their bytes are bounded with the request.
  if (depth > maxDepth) { faults.push({ path, reason: `is nested deeper than ${maxDepth} levels` }); return }
  if (message.desc.typeName.startsWith('google.protobuf.')) return
  for (const field of message.fields) {
    if (faults.length >= maxFaults) return
    checkField(message, field, path === '' ? field.name : `${path}.${field.name}`, depth, faults)
  }
}

function checkField (message: ReflectMessage, field: DescField, path: string, depth: number, faults: FieldFault[]): void {
  const own = rulesOf(field)
  if (!message.isSet(field)) {
    if (own?.required === true) faults.push({ path, reason: 'is missing' })
    return
  }
  if (field.fieldKind === 'list') {
    const list = message.get(field)
    if (tooMany(list.size, own, path, faults)) return
    let i = 0
    for (const item of list) {
      if (field.listKind === 'message') checkMessage(item as ReflectMessage, `${path}[${i}]`, depth + 1, faults)
      else checkScalar(item, own, `${path}[${i}]`, faults)
      i++
      if (faults.length >= maxFaults) return
    }
  } else if (field.fieldKind === 'map') {
    const map = message.get(field)
    if (tooMany(map.size, own, path, faults)) return
    for (const [key, value] of map) {
      if (String(key).length > (own?.maxLength || defaultMaxLength)) faults.push({ path, reason: `has a key of ${String(key).length} characters` })
      else if (field.mapKind === 'scalar') checkScalar(value, own, `${path}["${String(key)}"]`, faults)
    }
  } else if (field.fieldKind === 'message') checkMessage(message.get(field), path, depth + 1, faults)
  else checkScalar(message.get(field), own, path, faults)
}

function tooMany (size: number, own: FieldRules | undefined, path: string, faults: FieldFault[]): boolean {
  const most = own?.maxItems || defaultMaxItems
  if (size <= most) return false
  faults.push({ path, reason: `has ${size} items, at most ${most} are taken` })
  return true
}

function checkScalar (value: unknown, own: FieldRules | undefined, path: string, faults: FieldFault[]): void {
  const reason = typeof value === 'string' ? textFault(value, own) : typeof value === 'number' ? numberFault(value, own) : value instanceof Uint8Array ? lengthFault(value.length, own, 'bytes') : ''
  if (reason !== '') faults.push({ path, reason })
}

const patterns = new Map<string, RE2JS>()

function textFault (text: string, own: FieldRules | undefined): string {
  const long = lengthFault(text.length, own, 'characters')
  if (long !== '' || own === undefined) return long
  if (own.words.length > 0 && !own.words.includes(text)) return `is ${shown(text)}; expected one of ${own.words.join(', ')}`
  if (own.pattern === '') return ''
  let pattern = patterns.get(own.pattern)
  if (pattern === undefined) patterns.set(own.pattern, pattern = RE2JS.compile(own.pattern))
  return pattern.matches(text) ? '' : `is ${shown(text)}; expected ${own.pattern}`
}

function lengthFault (length: number, own: FieldRules | undefined, unit: string): string {
  const most = own?.maxLength || defaultMaxLength
  return length > most ? `has ${length} ${unit}, at most ${most} are taken` : ''
}

function numberFault (value: number, own: FieldRules | undefined): string {
  if (own === undefined) return ''
  if (own.min > 0 && value < own.min) return `is ${value}; at least ${own.min} is expected`
  return own.max > 0 && value > own.max ? `is ${value}; at most ${own.max} is expected` : ''
}

const shown = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
