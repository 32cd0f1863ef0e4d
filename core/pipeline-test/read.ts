/** A file of tests, checked: what is wrong has its line. */
import { dirname } from 'node:path'
import { Excerpts } from '../config/excerpt.js'
import { FaultList, publicFault, type Fault } from '../config/faults.js'
import { checkOptions } from '../config/options.js'
import { parseYaml } from '../config/parse.js'
import { maxSourceBytes, readText, SourceText } from '../config/source.js'
import { child, nowhere, type MapNode, type TreeNode } from '../config/tree.js'
import { conditionFaults } from '../match/conditions.js'
import type { Condition } from '../match/schema.js'
import { testFileSchema, type TestFile } from './format.js'
import { eventFault } from './given.js'

export interface ReadTests {
  /** Undefined: there are faults. */
  readonly file: TestFile | undefined
  readonly faults: readonly Fault[]
  readonly folder: string
  /** Line of a case, and of the expectation at a path below it. */
  lineOf(test: number, ...path: readonly (string | number)[]): number
}

/** Whether a text is of this kind: what a folder holds is sorted by it. */
export function isTestFile (text: string): boolean { return /^config:/m.test(text) && /^tests:/m.test(text) }

/** `shown`: how people call the file. Never throws for what is in it. */
export function readTests (path: string, shown: string): ReadTests {
  const faults = new FaultList()
  const folder = dirname(path)
  const text = readText(path, maxSourceBytes)
  if (typeof text !== 'string') {
    faults.error(text.code, { ...nowhere, source: shown }, [], `cannot read the tests: ${text.reason}`)
    return { file: undefined, faults: faults.items.map(f => publicFault(f, undefined)), folder, lineOf: () => 1 }
  }
  const source = new SourceText(shown, text, folder)
  const tree = parseYaml(source, faults)
  const file = tree?.kind === 'map' ? checked(tree, faults) : undefined
  if (tree === undefined && faults.errors === 0) faults.error('CFG013', source.span(0, 0), [], 'there are no tests in the file')
  const excerpts = new Excerpts(new Map([[shown, source]]), [], { find: () => undefined, types: () => [] }, false)
  return {
    file: faults.errors === 0 ? file : undefined,
    faults: faults.items.map(fault => publicFault(fault, excerpts.of(fault.at))),
    folder,
    lineOf: (test, ...rest) => nearestNode(tree, ['tests', test, ...rest])?.at.line ?? 1
  }
}

function checked (tree: MapNode, faults: FaultList): TestFile | undefined {
  const { value, sound } = checkOptions(testFileSchema, tree, tree.at, [], { faults, masked: [], secretSources: [] })
  if (!sound) return undefined
  const file = value as TestFile
  file.tests.forEach((test, i) => {
    const wrong = (path: readonly (string | number)[], message: string): void => {
      const full = ['tests', i, ...path]
      faults.error('CFG041', nearestNode(tree, full)?.at ?? tree.at, full, message)
    }
    test.given.forEach((step, s) => {
      const kinds = (['events', 'file', 'advance'] as const).filter(kind => step[kind] !== undefined)
      if (kinds.length !== 1) wrong(['given', s], `a step is one of events, file, advance; found ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`)
      step.events?.forEach((event, e) => {
        const fault = eventFault(event)
        if (fault !== undefined) wrong(['given', s, 'events', e], fault)
      })
    })
    for (const [id, { rows = [], exactly = [], never = [] }] of Object.entries(test.expect.exporters ?? {})) {
      for (const [kind, list] of [['rows', rows], ['exactly', exactly], ['never', never]] as const) {
        for (const { path, message } of conditionFaults(list as readonly Condition[], ['expect', 'exporters', id, kind])) wrong(path, message)
      }
    }
  })
  return file
}

/** The node at a path, or the last there is on the way. */
function nearestNode (tree: TreeNode | undefined, path: readonly (string | number)[]): TreeNode | undefined {
  let node = tree
  for (const key of path) {
    const next = child(node, key)
    if (next === undefined) return node
    node = next
  }
  return node
}
