/**
 * Sources to a resolved configuration, in stages: read, parse, merge, `--set`, substitute, expand the short form, type every
 * component, check what the pipelines name. A source that does not parse ends the load after all sources were parsed;
 * everything later reports all of its faults in one go.
 */
import { checkApiSection, listening } from './api.js'
import { maskAll } from './check.js'
import { leaveOutExtensions } from './collector-extensions.js'
import { Excerpts } from './excerpt.js'
import { FaultList, publicFault, type Fault, type RawFault } from './faults.js'
import { mergeMaps } from './merge.js'
import { pluginsSchema, type PluginOptions } from '../plugins/config.js'
import { checkOptions, type Gathered } from './options.js'
import { expandKeys, parseOverride } from './override.js'
import { parseYaml } from './parse.js'
import { readPipelines } from './pipelines.js'
import { readSections, type Definitions } from './sections.js'
import { expandSeed } from './seed.js'
import { checkSecretSources, variablesOf } from './secret-sources.js'
import { readService, renameAddress } from './service.js'
import type { ComponentCatalog, ResolvedComponent, ResolvedConfig, ServiceSettings } from './shape.js'
import { openSource, type Environment, type ReadFailure, type SourceText } from './source.js'
import { substitute } from './substitute.js'
import { emptyMap, fromPlain, nowhere, type MapNode, type Span, type TreeNode } from './tree.js'

export interface ConfigSources {
  /** In order, later ones win: a path, `file:path`, `env:VARIABLE` or `yaml:text`. */
  readonly configs: readonly string[]
  /** `key.path=value`; these win over all sources. */
  readonly sets?: readonly string[]
  /** What relative paths start at; the process's working folder unless given. */
  readonly cwd?: string
  /** What was read of the sources, by full path, for who loads several times: a pipe can be read once. */
  readonly texts?: Map<string, string | ReadFailure>
}

/** `files`: full paths of all that were read or should have been. */
export type LoadResult =
  | { readonly ok: true; readonly config: ResolvedConfig; readonly warnings: readonly Fault[]; readonly files: readonly string[] }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Fault[]; readonly files: readonly string[] }

interface Load extends Gathered { readonly catalog: ComponentCatalog; readonly sources: Map<string, SourceText>; readonly files: Set<string>; readonly env: Environment }

/** Loads and checks everything. Never throws for anything a user wrote. */
export function loadConfig (wanted: ConfigSources, catalog: ComponentCatalog, env: Environment): LoadResult {
  const load: Load = { faults: new FaultList(), masked: [], secretSources: [], catalog, sources: new Map(), files: new Set(), env }
  const merged = readAll(wanted, load)
  if (merged === undefined) return finish(undefined, load, true)
  const tree = substitute(merged, [], load) as MapNode
  return finish(resolveTree(tree, load), load, false)
}

export type ServiceResult =
  | { readonly ok: true; readonly service: ServiceSettings; readonly secretVariables: readonly string[]; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] }

/** The section `service` alone, for what runs no pipelines: of the other sections nothing is looked at. */
export function loadService (wanted: ConfigSources, catalog: ComponentCatalog, env: Environment): ServiceResult {
  const load: Load = { faults: new FaultList(), masked: [], secretSources: [], catalog, sources: new Map(), files: new Set(), env }
  const merged = readAll(wanted, load)
  if (merged === undefined) return { ok: false, ...published(load, true) }
  const service = (substitute(merged, [], load) as MapNode).entries.get('service')
  const settings = readService(service, merged.at, load)
  checkApiSection(service, settings, [], load.faults)
  checkSecretSources(load.secretSources, settings.secretFiles, load.faults)
  // What is secret in the other sections is not known here, only guessed.
  const { faults, warnings } = published(load, true)
  return load.faults.errors > 0 ? { ok: false, faults, warnings } : { ok: true, service: settings, secretVariables: variablesOf(load.secretSources), warnings }
}

export type PluginsResult =
  | { readonly ok: true; readonly plugins: readonly ConfiguredPlugin[] }
  /** What is wrong is reported again by `loadConfig`, beside everything else. */
  | { readonly ok: false }

export interface ConfiguredPlugin {
  readonly options: PluginOptions
  /** Of the file that names it. */
  readonly folder: string
  /** A fault that points at it. */
  fault(message: string, help?: string): Fault
}

/** The section `plugins` alone: what a catalog is made of must be known before anything else can be checked. */
export function readPlugins (wanted: ConfigSources, env: Environment): PluginsResult {
  const load: Load = { faults: new FaultList(), masked: [], catalog: { find: () => undefined, types: () => [] }, sources: new Map(), files: new Set(), secretSources: [], env }
  const merged = readAll(wanted, load)
  const section = merged?.entries.get('plugins')
  if (section === undefined) return merged === undefined ? { ok: false } : { ok: true, plugins: [] }
  const tree = substitute({ ...merged as MapNode, entries: new Map([['plugins', section]]) }, [], load) as MapNode
  const { list, nodes } = checkPlugins(tree, load)
  if (load.faults.errors > 0) return { ok: false }
  return {
    ok: true,
    plugins: list.map((options, i) => {
      const at = nodes[i]?.at ?? section.key
      return {
        options,
        folder: load.sources.get(at.source)?.folder ?? wanted.cwd ?? process.cwd(),
        fault: (message, help) => publicFault({ code: 'CFG076', severity: 'error', at, path: ['plugins', i], message, details: { help } }, new Excerpts(load.sources, load.masked, load.catalog, true).of(at))
      }
    })
  }
}

function checkPlugins (tree: MapNode, load: Load): { readonly list: readonly PluginOptions[], readonly nodes: readonly TreeNode[] } {
  const section = tree.entries.get('plugins')
  if (section === undefined) return { list: [], nodes: [] }
  const { value } = checkOptions(pluginsSchema, section.value, section.key, ['plugins'], load)
  return { list: value as readonly PluginOptions[], nodes: section.value.kind === 'list' ? section.value.items : [] }
}

/** The same for a configuration that a program holds as plain data, in the shape and notation of the YAML. */
export function loadPlain (value: unknown, catalog: ComponentCatalog): LoadResult {
  const load: Load = { faults: new FaultList(), masked: [], secretSources: [], catalog, sources: new Map(), files: new Set(), env: {} }
  const tree = fromPlain(value)
  if (tree.kind !== 'map') {
    load.faults.error('CFG009', nowhere, [], 'a configuration must be a map')
    return finish(undefined, load, true)
  }
  return finish(resolveTree(tree, load), load, false)
}

/** All sources merged; undefined when one of them could not be read or parsed, or when there is nothing in them. */
function readAll ({ configs, sets = [], cwd = process.cwd(), texts }: ConfigSources, load: Load): MapNode | undefined {
  let merged: MapNode = emptyMap(nowhere)
  const add = (tree: MapNode): void => {
    const shadowed: TreeNode[] = []
    merged = mergeMaps(merged, tree, shadowed)
    for (const node of shadowed) maskAll(node, load)
  }
  for (const argument of configs) {
    const opened = openSource(argument, cwd, load.env, load.faults, load.files, texts)
    if (opened === undefined) continue
    const source = opened.renamed(uniqueName(opened.name, load))
    load.sources.set(source.name, source)
    const tree = parseYaml(source, load.faults)
    if (tree?.kind === 'map') add(argument.startsWith('yaml:') ? expandKeys(tree) as MapNode : tree)
  }
  for (const argument of sets) {
    const { source, tree } = parseOverride(argument, cwd, load.faults, name => uniqueName(name, load))
    load.sources.set(source.name, source)
    if (tree !== undefined) add(tree)
  }
  if (load.faults.errors === 0 && merged.entries.size === 0) nothingConfigured(configs, load)
  return load.faults.errors === 0 ? merged : undefined
}

/** Two inline sources would have one name; the second gets a number, so that positions stay unambiguous. */
function uniqueName (name: string, { sources }: Load): string {
  let unique = name
  for (let n = 2; sources.has(unique); n++) unique = `${name} (${n})`
  return unique
}

function nothingConfigured (configs: readonly string[], { faults, sources }: Load): void {
  const [first] = sources.values()
  const at: Span = first?.span(0, 0) ?? nowhere
  const what = configs.length === 0 ? 'no configuration is given' : 'the configuration is empty'
  faults.error('CFG013', at, [], what, { help: 'it needs receivers, exporters and service.pipelines; `--config` names a file' })
}

function resolveTree (written: MapNode, load: Load): ResolvedConfig | undefined {
  const tree = leaveOutExtensions(renameAddress(expandSeed(written, load.catalog, load), load), load.catalog, load)
  const definitions = readSections(tree, load.catalog, load)
  checkPlugins(tree, load)
  const service = tree.entries.get('service')
  const settings = readService(service, tree.at, load)
  const { pipelines, uses } = readPipelines(service, tree.at, definitions, load.faults)
  const used = new Set(uses.map(use => `${use.id.kind} ${use.id.text}`))
  checkApiSection(service, settings, listening(settings, definitions.receiver, used), load.faults)
  checkSecretSources(load.secretSources, settings.secretFiles, load.faults)
  if (load.faults.errors > 0) return undefined
  return { components: components(definitions, used), pipelines, service: settings, secretVariables: variablesOf(load.secretSources) }
}

function components (definitions: Definitions, used: ReadonlySet<string>): ResolvedComponent[] {
  return Object.values(definitions).flatMap(section => [...section.values()])
    .map(({ id, config, key }) => ({ id, config, at: key, used: used.has(`${id.kind} ${id.text}`) }))
}

function finish (config: ResolvedConfig | undefined, load: Load, guessing: boolean): LoadResult {
  const { faults, warnings } = published(load, guessing)
  const files = [...load.files]
  return config === undefined ? { ok: false, faults, warnings, files } : { ok: true, config, warnings, files }
}

function published (load: Load, guessing: boolean): { readonly faults: readonly Fault[], readonly warnings: readonly Fault[] } {
  const excerpts = new Excerpts(load.sources, load.masked, load.catalog, guessing)
  const order = [...load.sources.keys()]
  const sorted = [...load.faults.items].sort((a, b) => order.indexOf(a.at.source) - order.indexOf(b.at.source) || a.at.offset - b.at.offset)
  const publish = (faults: readonly RawFault[]): Fault[] => faults.map(fault => publicFault(fault, excerpts.of(fault.at)))
  const of = (severity: Fault['severity']): readonly Fault[] => publish(sorted.filter(fault => fault.severity === severity))
  return { faults: of('error'), warnings: of('warning') }
}
