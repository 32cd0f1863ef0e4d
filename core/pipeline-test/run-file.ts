/** All cases of a file of tests, with the configuration they are about loaded as `tapio validate` does. */
import { resolve } from 'node:path'
import { stringify } from 'yaml'
import type { CommandIo } from '../cli/io.js'
import { tryPrepare } from '../cli/prepare.js'
import type { Fault } from '../config/faults.js'
import { openCatalog } from '../instance.js'
import type { TestFile } from './format.js'
import { readTests } from './read.js'
import { runCase } from './run.js'

export interface PipelineTestResult {
  readonly name: string
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly passed: boolean
  /** What differs; a reason may have several lines. */
  readonly reasons: readonly string[]
}

export interface FileResult {
  /** Of the file itself. Those of its configuration were printed. */
  readonly faults: readonly Fault[]
  readonly results: readonly PipelineTestResult[]
  /** Why no case could be run. */
  readonly broken?: string
}

const standIns = new URL('./stand-ins.js', import.meta.url).href

/** `only`: cases whose name has this in it. Faults of the configuration go to `io.err`. */
export async function runTestFile (path: string, shown: string, io: CommandIo, only = ''): Promise<FileResult> {
  const { file, faults, folder, lineOf } = readTests(path, shown)
  if (file === undefined) return { faults, results: [] }
  // Warnings and notes are for whoever runs it.
  let printed = ''
  const quiet: CommandIo = { ...io, env: file.env, err: text => { printed += text } }
  const tried = await tryPrepare({ config: sourcesOf(file, folder), set: file.set }, quiet)
  if (tried.prepared === undefined) io.err(printed)
  if (tried.prepared === undefined) return { faults, results: [], broken: `the configuration cannot be used: ${tried.reason}` }
  const { config, catalog: own } = tried.prepared
  const catalog = await openCatalog([...own.modules, standIns])
  const results: PipelineTestResult[] = []
  for (const [i, test] of file.tests.entries()) {
    if (!test.name.includes(only)) continue
    results.push({ name: test.name, file: shown, line: lineOf(i), ...await runCase(test, config, catalog, folder) })
  }
  return { faults, results }
}

function sourcesOf ({ config }: TestFile, folder: string): string[] {
  if (typeof config === 'string' || Array.isArray(config)) return [config].flat().map(path => resolve(folder, path))
  return [`yaml:${stringify(config)}`]
}
