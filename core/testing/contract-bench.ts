/** One instance of a component on a bench of its own, as the contract needs it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import type { Component, Processor } from '../component/component.js'
import type { ComponentFactory } from '../component/factory.js'
import type { ContractCase } from './contract.js'
import { FakeClock } from './fake-clock.js'
import { deadlineIn, testBench, type TestBench } from './services.js'
import type { TestClock } from './test-clock.js'

/** The whole config: what the case asks for, defaults for the rest. */
export async function contractConfig (factory: ComponentFactory, { config }: ContractCase, directory: string): Promise<object> {
  return Value.Default(factory.schema, structuredClone(await config?.(directory) ?? {})) as object
}

/** What a component gets to stop. */
export const stopMs = 2000

export interface ContractBench extends TestBench {
  readonly component: Component & Partial<Processor>
  readonly clock: TestClock
  readonly config: object
}

/** Runs `use` with a new instance; the folder and the instance are gone afterwards. */
export async function withInstance (factory: ComponentFactory, contract: ContractCase, use: (bench: ContractBench) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-contract-'))
  try {
    const clock = contract.clock?.() ?? new FakeClock()
    const config = await contractConfig(factory, contract, directory)
    const bench = testBench(factory.kind, factory.type, config, { clock, outputs: contract.outputs ?? ['events/a'] })
    const component = await factory.create(bench.services) as ContractBench['component']
    try {
      await use({ ...bench, component, clock, config })
    } finally {
      await component.stop?.(deadlineIn(stopMs))
      contract.after?.(bench)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
