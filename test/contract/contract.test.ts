/**
 * The component contract (core/testing/contract.ts), asked of every registered component, and the form of its folder.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { components } from '../../core/cli/registry.js'
import type { ComponentFactory } from '../../core/component/factory.js'
import { contractTests, type ContractCase } from '../../core/testing/contract.js'
import { folderOf } from '../../core/tools/folder-of.js'

const root = process.cwd()
// Known before the first suite is made: uvu runs those made in one turn one after the other.
const cases = new Map(await Promise.all(components.map(async factory => [factory, await contractCase(factory)] as const)))

for (const [factory, contract] of cases) {
  const test = suite(`${factory.kind} ${factory.type}`)
  describeFolder(test, factory)
  for (const { name, run } of contractTests(factory, contract)) test(name, run)
  test.run()
}

async function contractCase (factory: ComponentFactory): Promise<ContractCase> {
  const url = new URL(`../../${folderOf(factory)}/testdata/contract.js`, import.meta.url)
  try {
    return (await import(url.href) as { contract: ContractCase }).contract
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return {}
    throw error
  }
}

type Suite = ReturnType<typeof suite>

function describeFolder (test: Suite, factory: ComponentFactory): void {
  const folder = join(root, folderOf(factory))

  test('it lives in a folder of its name, with the files every component has', () => {
    for (const file of ['config.ts', 'factory.ts', 'README.md', 'example.yaml']) assert.ok(existsSync(join(folder, file)), `${folderOf(factory)}/${file} is missing`)
    assert.ok(readdirSync(folder).some(f => f.endsWith('.test.ts')) || existsSync(join(root, 'test', factory.type)), `${folderOf(factory)} has no test`)
  })

  test('its README says what it is, shows a config, and has room for the generated parts', () => {
    const text = readFileSync(join(folder, 'README.md'), 'utf8')
    assert.match(text, new RegExp(`^# ${factory.type} ${factory.kind}\n`))
    // What it does, under one or several headings of its own words.
    assert.ok([...text.matchAll(/^## (?!Options$|Metrics$)/gm)].length >= 1, 'a section on what it does')
    for (const part of ['## Options\n', '## Metrics\n', '<!-- generated:options -->', '<!-- /generated:options -->', '<!-- generated:metrics -->', '<!-- /generated:metrics -->', '<!-- generated:example -->']) {
      assert.is(text.split(part).length, 2, `${part} must be there once`)
    }
  })
}
