/** `type` or `type/name`, as in the Collector's configuration. */
import type { Kind } from './component.js'

export interface ComponentId {
  readonly kind: Kind
  readonly type: string
  readonly name: string
  /** `type` or `type/name`: as written in YAML. */
  readonly text: string
}

export function componentId (kind: Kind, text: string): ComponentId {
  const slash = text.indexOf('/')
  const [type, name] = slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)]
  return { kind, type, name, text }
}

/** Empty when `text` is a well-formed id, else what is wrong with it. */
export function idFault (text: string): string {
  const [type, ...rest] = text.split('/')
  if (!/^[a-z][a-z0-9_]*$/.test(type ?? '')) return `the part before "/" must be lower_snake_case, found "${type ?? ''}"`
  if (rest.length > 1) return 'an id has at most one "/"'
  if (rest.length === 1 && !/^[\w.-]+$/.test(rest[0] ?? '')) return 'the part after "/" may hold letters, digits, "_", "-" and "."'
  return ''
}
