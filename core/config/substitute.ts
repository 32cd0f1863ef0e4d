/**
 * `${env:X}`, `${env:X:-default}`, `${X}` (short for env) and `${file:path}` in values; `$$` is a `$`. A value that is one
 * substitution as a whole is typed again as a YAML scalar (`${env:PORT}` gives a number); inside other text it stays text.
 * What a variable or file holds is inserted as it is and never scanned again, so a password may hold any character; only
 * the default behind `:-` may hold further substitutions.
 */
import { resolve } from 'node:path'
import { parse } from 'yaml'
import type { FaultCode } from './fault-codes.js'
import type { FaultList } from './faults.js'
import { readText, type Environment, type SourceText } from './source.js'
import { listed, nearest } from './suggest.js'
import type { KeyPath, MapEntry, Scalar, ScalarNode, Span, TreeNode } from './tree.js'

/** A certificate chain or a token; larger files belong behind an option that takes a path. */
export const maxFileBytes = 1024 * 1024
const maxDefaultDepth = 4
const schemes = ['env', 'file']

export interface SubstitutionContext {
  readonly env: Environment
  readonly faults: FaultList
  /** By `Span.source`. */
  readonly sources: ReadonlyMap<string, SourceText>
  /** Gets the full path of each file that was asked for. */
  readonly files: Set<string>
}

interface Scope { readonly context: SubstitutionContext; readonly node: ScalarNode; readonly path: KeyPath; failed: boolean }

/** The tree with every substitution done. Scalars whose substitution failed are marked broken. */
export function substitute (node: TreeNode, path: KeyPath, context: SubstitutionContext): TreeNode {
  if (node.kind === 'list') return { ...node, items: node.items.map((item, i) => substitute(item, [...path, i], context)) }
  if (node.kind === 'map') {
    const entries = new Map<string, MapEntry>()
    for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, value: substitute(entry.value, [...path, key], context) })
    return { ...node, entries }
  }
  return typeof node.value === 'string' && node.value.includes('$') ? substituteScalar(node, node.value, path, context) : node
}

function substituteScalar (node: ScalarNode, value: string, path: KeyPath, context: SubstitutionContext): ScalarNode {
  const scope: Scope = { context, node, path, failed: false }
  const text = expand(value, scope, 0)
  if (scope.failed) return { ...node, broken: true }
  const whole = value.startsWith('${') && closing(value, 2) === value.length - 1
  return whole ? { ...node, value: retype(text), text, substituted: true } : { ...node, value: text, text }
}

/** The index of the `}` that ends the substitution whose body starts at `from`, or -1. */
function closing (text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === '}' && --depth === 0) return i
    if (text.startsWith('${', i)) depth += 1
  }
  return -1
}

function expand (text: string, scope: Scope, depth: number): string {
  let out = ''
  for (let i = 0; i < text.length;) {
    if (text.startsWith('$$', i)) {
      out += '$'
      i += 2
    } else if (text.startsWith('${', i)) {
      const end = closing(text, i + 2)
      if (end < 0) return fail(scope, 'CFG021', text.slice(i), 'a `${` has no `}`', 'write `$$` for a plain $')
      out += lookUp(text.slice(i + 2, end), text.slice(i, end + 1), scope, depth)
      i = end + 1
    } else {
      out += text[i]
      i += 1
    }
  }
  return out
}

function lookUp (body: string, whole: string, scope: Scope, depth: number): string {
  const match = /^(?:([A-Za-z]\w*):(?!-))?([\s\S]*)$/.exec(body)
  const [scheme, rest] = [match?.[1] ?? 'env', match?.[2] ?? '']
  if (scheme === 'env') return lookUpVariable(rest, whole, scope, depth)
  if (scheme === 'file') return lookUpFile(rest, whole, scope)
  const near = nearest(scheme, schemes)
  const meant = near === undefined ? '' : `; did you mean \`${near}\`?`
  return fail(scope, 'CFG022', whole, `unknown scheme \`${scheme}\` in a substitution, allowed are ${listed(schemes)}${meant}`)
}

function lookUpVariable (body: string, whole: string, scope: Scope, depth: number): string {
  const split = body.indexOf(':-')
  const name = split < 0 ? body : body.slice(0, split)
  if (!/^[A-Za-z_]\w*$/.test(name)) return fail(scope, 'CFG021', whole, 'a substitution needs the name of a variable', 'write `${env:NAME}` or `${env:NAME:-default}`; `$$` is a plain $')
  const value = scope.context.env[name]
  // As in a shell, `:-` also replaces a variable that is set but empty: that is how deployments unset one.
  if (split >= 0 && (value === undefined || value === '')) {
    if (depth >= maxDefaultDepth) return fail(scope, 'CFG021', whole, `defaults are nested deeper than ${maxDefaultDepth} levels`)
    return expand(body.slice(split + 2), scope, depth + 1)
  }
  return value ?? fail(scope, 'CFG020', whole, `the environment variable \`${name}\` is not set`, `set it, or give a default: \`\${env:${name}:-default}\``)
}

function lookUpFile (path: string, whole: string, scope: Scope): string {
  const folder = scope.context.sources.get(scope.node.at.source)?.folder ?? '.'
  if (path !== '') scope.context.files.add(resolve(folder, path))
  const text = path === '' ? { reason: 'the path is empty' } : readText(resolve(folder, path), maxFileBytes)
  if (typeof text === 'string') return text.replace(/\r?\n$/, '')
  return fail(scope, 'CFG023', whole, `cannot read the file of a substitution: ${text.reason}`, `relative paths start at the folder of the configuration file`)
}

function fail (scope: Scope, code: FaultCode, whole: string, message: string, help?: string): string {
  scope.failed = true
  scope.context.faults.error(code, spanOf(whole, scope), scope.path, message, { help })
  return ''
}

/** The substitution itself rather than the start of its value; the whole value when an escape hides it in the source. */
function spanOf (whole: string, scope: Scope): Span {
  const { at } = scope.node
  const source = scope.context.sources.get(at.source)
  const offset = source?.text.indexOf(whole, at.offset) ?? -1
  return source !== undefined && offset >= 0 && offset <= at.offset + at.length ? source.span(offset, offset + whole.length) : at
}

/** The YAML type of a plain scalar with this text. Anything that is more than a scalar (a list, a map) stays text. */
export function retype (text: string): Scalar {
  if (text === '' || text === '~') return null
  // Everything the core schema takes for a number, boolean or null is made of these; nothing of these is a collection.
  if (!/^[-+.\w]{1,40}$/.test(text) || /^[-.]+$/.test(text)) return text
  const value: unknown = parse(text, { logLevel: 'silent' })
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : text
}
