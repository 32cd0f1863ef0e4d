/** One instance of a component on a bench of its own, as the contract checks need it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import type { Component, Processor } from '../../core/component/component.js'
import type { ComponentFactory } from '../../core/component/factory.js'
import type { ContractCase } from '../../core/testing/contract.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'

const rooms = { receiver: 'receivers', processor: 'processors', connector: 'processors', exporter: 'exporters', extension: 'extensions' } as const

/** The component's folder, from the repository's root. */
export function folderOf (factory: ComponentFactory): string {
  return join(rooms[factory.kind], factory.type.replaceAll('_', '-'))
}

export async function contractCase (factory: ComponentFactory): Promise<ContractCase> {
  const url = new URL(`../../${folderOf(factory)}/testdata/contract.js`, import.meta.url)
  try {
    return (await import(url.href) as { contract: ContractCase }).contract
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return {}
    throw error
  }
}

/** The whole config: what the case asks for, defaults for the rest. */
export async function configOf (factory: ComponentFactory, directory: string): Promise<unknown> {
  const { config } = await contractCase(factory)
  return Value.Default(factory.schema, structuredClone(await config?.(directory) ?? {}))
}

export interface Bench extends TestBench {
  readonly component: Component & Partial<Processor>
  readonly clock: FakeClock
}

/** Runs `use` with a new instance; the folder and the instance are gone afterwards. */
export async function withInstance (factory: ComponentFactory, use: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-contract-'))
  try {
    const { outputs } = await contractCase(factory)
    const clock = new FakeClock()
    const bench = testBench(factory.kind, factory.type, await configOf(factory, directory), { clock, outputs: outputs ?? ['events/a'] })
    const component = await factory.create(bench.services) as Bench['component']
    try {
      await use({ ...bench, component, clock })
    } finally {
      await component.stop?.(deadlineIn(2000))
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
