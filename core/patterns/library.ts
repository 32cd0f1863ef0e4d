/** All patterns of some files: what is good in them, and every fault of the rest. */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Excerpts } from '../config/excerpt.js'
import { FaultList, publicFault, type Fault } from '../config/faults.js'
import { parseYaml } from '../config/parse.js'
import { maxSourceBytes, readText, SourceText } from '../config/source.js'
import { child, entry, nowhere, type TreeNode } from '../config/tree.js'
import { signs } from '../correlation/signs.js'
import { compilePattern, type Vocabulary } from './compile.js'
import { fileFields, maxPatternsPerFile, patternFields } from './format.js'
import type { Pattern } from './pattern.js'
import { read } from './read.js'
import { workloadKinds } from './world.js'

export const maxPatterns = 2000
const maxFiles = 500

export interface LoadOptions extends Vocabulary {
  /** Shown file names are relative to it. */
  readonly cwd?: string
  /** A pattern without tests is a warning unless it is an error. */
  readonly strict?: boolean
}

export interface Loaded { readonly library: PatternLibrary, readonly faults: readonly Fault[] }

/** Those that come with Tapio; a build has a copy of them. */
export const defaultPatternDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'configs', 'patterns')


const ownSigns: readonly string[] = Object.keys(signs)

export class PatternLibrary {
  readonly #byKind = new Map<string, Pattern[]>()

  constructor (readonly patterns: readonly Pattern[], readonly files: readonly string[]) {
    for (const pattern of patterns) for (const kind of kindsOf(pattern)) put(this.#byKind, kind, pattern)
  }

  static readonly empty = new PatternLibrary([], [])

  /** Folders (all `*.yaml` and `*.yml` below them) and files. Never throws for what is in them. */
  static load (paths: readonly string[], options: LoadOptions = {}): Loaded {
    const faults = new FaultList()
    const sources = new Map<string, SourceText>()
    const files = paths.flatMap(path => filesAt(path, options, faults))
    const stamp = faults.items.length === 0 ? stampOf(files, options) : undefined
    if (stamp !== undefined && stamp === last?.stamp) return last.loaded
    for (const file of [...new Set(files)].slice(0, maxFiles)) {
      const source = openFile(file, options, faults)
      if (source !== undefined) sources.set(source.name, source)
    }
    const loaded = finish(sources, files, faults, options)
    if (stamp !== undefined) last = { stamp, loaded }
    return loaded
  }

  /** The same from a text. */
  static parse (text: string, name = 'patterns.yaml', options: LoadOptions = {}): Loaded {
    return finish(new Map([[name, new SourceText(name, text, '.')]]), [name], new FaultList(), options)
  }

  /** Those that are asked about objects of this kind, in their order. */
  ofKind (kind: string): readonly Pattern[] { return this.#byKind.get(kind) ?? [] }

  kinds (): Iterable<string> { return this.#byKind.keys() }
}

/** What was loaded last in this thread: many dumps, or many pipelines, ask the same patterns, and reading them takes a tenth of a second. */
let last: { readonly stamp: string, readonly loaded: Loaded } | undefined

/** The same as long as no file was written; undefined: not to be kept. */
function stampOf (files: readonly string[], options: LoadOptions): string | undefined {
  if (options.strict !== undefined || options.signs !== undefined) return undefined
  try {
    return [options.cwd ?? process.cwd(), ...files.map(file => { const { mtimeMs, ctimeMs, size, ino } = statSync(file); return `${file} ${mtimeMs} ${ctimeMs} ${size} ${ino}` })].join('\n')
  } catch {
    return undefined
  }
}

function kindsOf ({ kinds }: Pattern): ReadonlySet<string> {
  return new Set(kinds.flatMap(kind => kind === 'workload' ? [...workloadKinds, 'Pod'] : [kind]))
}

function put (map: Map<string, Pattern[]>, key: string, pattern: Pattern): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [pattern])
  else known.push(pattern)
}

function filesAt (path: string, { cwd = process.cwd() }: LoadOptions, faults: FaultList): string[] {
  const full = resolve(cwd, path)
  try {
    if (!statSync(full).isDirectory()) return [full]
    return readdirSync(full, { recursive: true, withFileTypes: true }).filter(e => !e.isDirectory() && /\.ya?ml$/.test(e.name)).map(e => join(e.parentPath, e.name)).sort()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    faults.error('PAT009', { ...nowhere, source: path }, [], `cannot read patterns: ${code === 'ENOENT' ? 'there is no such file or folder' : code ?? 'it cannot be read'}`)
    return []
  }
}

function openFile (file: string, { cwd = process.cwd() }: LoadOptions, faults: FaultList): SourceText | undefined {
  const near = relative(cwd, file)
  const name = near.startsWith('..') ? file : near
  const text = readText(file, maxSourceBytes)
  if (typeof text === 'string') return new SourceText(name, text, dirname(file))
  faults.error(text.code, { ...nowhere, source: name }, [], `cannot read the pattern file: ${text.reason}`)
  return undefined
}

function finish (sources: ReadonlyMap<string, SourceText>, files: readonly string[], faults: FaultList, options: LoadOptions): Loaded {
  const patterns: Pattern[] = []
  const byId = new Map<string, Pattern>()
  for (const source of sources.values()) {
    for (const pattern of readFile(source, faults, options)) {
      const known = byId.get(pattern.id)
      if (known !== undefined) faults.error('PAT002', pattern.at, [], `the pattern \`${pattern.id}\` is there already: ${known.file}:${known.at.line}`)
      else if (patterns.length < maxPatterns) { byId.set(pattern.id, pattern); patterns.push(pattern) }
    }
  }
  const excerpts = new Excerpts(sources, [], { find: () => undefined, types: () => [] }, false)
  return { library: new PatternLibrary(patterns, [...new Set(files)]), faults: faults.items.map(raw => publicFault(raw, excerpts.of(raw.at))) }
}

function readFile (source: SourceText, faults: FaultList, options: LoadOptions): Pattern[] {
  const own = new FaultList()
  const tree = parseYaml(source, own)
  for (const fault of own.items) faults.add(fault)
  if (tree === undefined) return []
  const fixtures = readHead(tree, faults)
  const list = child(tree, 'patterns')
  if (list?.kind !== 'list') return []
  return list.items.slice(0, maxPatternsPerFile).flatMap((node, i) => {
    const found = new FaultList()
    const path = ['patterns', i]
    const raw = read({ is: 'map', fields: patternFields }, node, path, { faults: found })
    const pattern = compilePattern({ raw, node, path, source, fixtures }, { signs: ownSigns, ...options }, found)
    if (pattern.tests.length === 0 && found.errors === 0) noTest(pattern, path, found, options)
    for (const fault of found.items) faults.add(fault)
    return found.errors === 0 ? [pattern] : []
  })
}

function noTest (pattern: Pattern, path: readonly (string | number)[], faults: FaultList, { strict = false }: LoadOptions): void {
  const add = strict ? faults.error.bind(faults) : faults.warning.bind(faults)
  add('PAT006', pattern.at, path, `the pattern \`${pattern.id}\` has no test`, { help: 'give it one case that it finds, and one close to it that it does not' })
}

/** Everything but the patterns, which are read one by one, so that a bad one leaves the others. */
function readHead (tree: TreeNode, faults: FaultList): ReadonlyMap<string, readonly unknown[]> {
  const { patterns, ...rest } = fileFields
  void patterns
  const own = tree.kind === 'map' ? new Map([...tree.entries].filter(([key]) => key !== 'patterns' && !key.startsWith('x-'))) : new Map()
  const head = read({ is: 'map', fields: rest }, { kind: 'map', entries: own, at: tree.at }, [], { faults }) as { readonly fixtures?: ReadonlyMap<string, readonly unknown[]> }
  const list = entry(tree, 'patterns')
  if (list === undefined) faults.error('CFG032', { ...tree.at, length: 1 }, ['patterns'], '`patterns` is required')
  else if (list.value.kind !== 'list') faults.error('CFG030', list.value.at, ['patterns'], '`patterns` must be a list')
  else if (list.value.items.length > maxPatternsPerFile) faults.error('CFG037', list.key, ['patterns'], `\`patterns\` must have at most ${maxPatternsPerFile} items, found ${list.value.items.length}`)
  return new Map([...head.fixtures ?? []].filter(([, objects]) => Array.isArray(objects)))
}
