/** `tapio plugin test`: loads a plugin as Tapio would, asks the contract of its components, isolated and not, and runs its own tests. */
import { relative } from 'node:path'
import pc from 'picocolors'
import { PluginFault } from '../../plugins/fault.js'
import { runTestFiles, testFilesIn } from '../../plugins/verify/own-tests.js'
import { verifyContract } from '../../plugins/verify/contract.js'
import type { ContractResult } from '../../plugins/verify/protocol.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { loadAuthored, printFindings, printPlugin, type AuthoredPlugin } from './loaded.js'

export interface TestPluginOptions { readonly contract: boolean, readonly own: boolean }

export async function testPlugin (path: string, options: TestPluginOptions, io: CommandIo, cwd = process.cwd()): Promise<ExitName> {
  const plugin = await loadAuthored('tapio plugin test', path, io, cwd)
  if (plugin === undefined) return 'failure'
  printPlugin(plugin.reference.description, io)
  const faults = printFindings(plugin.findings, io)
  const contract = options.contract ? await testContract(plugin, io) : undefined
  const own = options.own ? await testOwn(plugin, io) : 'left out'
  io.out(`\n${inWords(faults, contract, own, io)}\n`)
  return faults + (contract?.failed ?? 0) === 0 && own !== 'failed' ? 'ok' : 'failure'
}

interface Counts { passed: number, failed: number }
type OwnResult = 'passed' | 'failed' | 'none' | 'left out'

const places = [['worker', 'contract, in threads of their own (isolation: worker)'], ['none', 'contract, among Tapio\'s threads (isolation: none)']] as const

async function testContract ({ reference, manifest }: AuthoredPlugin, io: CommandIo): Promise<Counts> {
  const counts = { passed: 0, failed: 0 }
  for (const [isolation, title] of places) {
    io.out(`\n${pc.createColors(io.color).bold(title)}\n`)
    const results: ContractResult[] = []
    await verifyContract(reference, isolation, { options: (manifest?.tapio?.contract ?? {}) as Record<string, unknown>, result: r => results.push(r), printed: text => io.err(text) })
    for (const component of new Set(results.map(r => r.component))) printComponent(component, results.filter(r => r.component === component), io)
    counts.failed += results.filter(r => r.fault !== undefined).length
    counts.passed += results.filter(r => r.fault === undefined).length
  }
  return counts
}

/** A line when all holds; else one for each test that fails, with why. */
function printComponent (component: string, results: readonly ContractResult[], io: CommandIo): void {
  const c = pc.createColors(io.color)
  const failed = results.filter(r => r.fault !== undefined)
  const name = component.replace('/', ' ')
  io.out(failed.length === 0 ? `  ${c.green('ok  ')} ${name}: ${results.length} tests\n` : `  ${c.red('FAIL')} ${name}: ${failed.length} of ${results.length} tests\n`)
  for (const { test, fault } of failed) io.out(`         ${test}\n${(fault as string).trim().split('\n').map(line => `           ${line}\n`).join('')}`)
}

async function testOwn ({ located: { folder } }: AuthoredPlugin, io: CommandIo): Promise<OwnResult> {
  const files = testFilesIn(folder)
  if (files.length === 0) return 'none'
  io.out(`\n${pc.createColors(io.color).bold('its own tests')} ${files.map(f => relative(folder, f)).join(', ')}\n`)
  try {
    return await runTestFiles(folder, files, { printed: text => io.out(text), color: io.color }) ? 'passed' : 'failed'
  } catch (error) {
    if (!(error instanceof PluginFault)) throw error
    io.err(`tapio plugin test: ${error.message}\n`)
    return 'failed'
  }
}

function inWords (faults: number, contract: Counts | undefined, own: OwnResult, io: CommandIo): string {
  const c = pc.createColors(io.color)
  const text = [
    faults === 0 ? 'the package is well' : `${faults} fault${faults === 1 ? '' : 's'} in the package`,
    contract === undefined ? 'contract: left out' : `contract: ${contract.passed} passed, ${contract.failed} failed`,
    own === 'none' ? 'it has no tests of its own (*.test.ts, *.test.js)' : `its own tests: ${own}`
  ].join('; ')
  return faults + (contract?.failed ?? 0) === 0 && own !== 'failed' ? c.green(text) : c.red(text)
}
