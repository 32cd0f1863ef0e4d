/**
 * Dependency injection: what a component gets, by token. A class asks with tsyringe's `@inject(Token)` in its constructor
 * (`services.construct(TheClass)`), a plain function with `services.get(Token)`. Tokens are explicit because esbuild emits
 * no decorator metadata, so a constructor type alone would fail at run time ("TypeInfo not known").
 */
import 'reflect-metadata'
import { container as rootContainer, type DependencyContainer, type InjectionToken } from 'tsyringe'
import type { Clock } from './clock.js'
import type { AskPeer, StoreLookup, TopologyLookup } from './lookup.js'
import type { Consumer } from './component.js'
import type { ComponentId } from './id.js'
import type { Logger } from '../telemetry/logger.js'
import type { Meter } from '../telemetry/meter.js'
import type { Pressure } from '../pressure/pressure.js'
import type { StatusReporter } from './status.js'

/** A typed name for a service. `description` appears in errors. */
export interface Token<T> { readonly key: symbol; readonly description: string; readonly type?: T }

export function token<T> (description: string): Token<T> {
  return { key: Symbol.for(`tapio:${description}`), description }
}

/** Counts rows that end here on purpose, with the reason. Reasons are declared in the factory. */
export interface Drops { add(reason: string, rows: number): void }

/**
 * What the components of one thread have in common: the first that asks for `key` makes it, the others get the same. Ends with
 * the thread's graph. Keys are `room.thing`.
 */
export interface Shared { get<T>(key: string, make: () => T): T }

export function createShared (): Shared {
  const values = new Map<string, unknown>()
  return {
    get: <T>(key: string, make: () => T): T => {
      if (!values.has(key)) values.set(key, make())
      return values.get(key) as T
    }
  }
}

/** Who sends to a processor. May change with a reload. */
export interface Senders {
  /** Whether all receivers that rows come from can be asked to bring them later (`cannotWait` of factory.ts). */
  readonly canWait: boolean
}

/** The injection keys of what every component can have. Use as `@inject(Tokens.logger)`. */
export const Tokens = {
  id: Symbol.for('tapio:id'),
  config: Symbol.for('tapio:config'),
  logger: Symbol.for('tapio:logger'),
  meter: Symbol.for('tapio:meter'),
  clock: Symbol.for('tapio:clock'),
  status: Symbol.for('tapio:status'),
  drops: Symbol.for('tapio:drops'),
  next: Symbol.for('tapio:next'),
  outputs: Symbol.for('tapio:outputs'),
  nextBorrows: Symbol.for('tapio:nextBorrows'),
  shared: Symbol.for('tapio:shared'),
  pressure: Symbol.for('tapio:pressure'),
  senders: Symbol.for('tapio:senders'),
  peers: Symbol.for('tapio:peers'),
  store: Symbol.for('tapio:store'),
  topology: Symbol.for('tapio:topology')
} as const

export interface ServiceValues {
  readonly id: ComponentId
  readonly config: unknown
  readonly logger: Logger
  readonly meter: Meter
  readonly clock: Clock
  readonly status: StatusReporter
  readonly drops: Drops
  /** Where to send (receivers, processors, connectors). */
  readonly next: Consumer
  /** Connectors: the same by pipeline id, in the order of the config. */
  readonly outputs: ReadonlyMap<string, Consumer>
  /** Whether all that `next` leads to in this thread `borrows` (factory.ts): memory of a batch is then free again with its outcome. */
  readonly nextBorrows: boolean
  readonly shared: Shared
  /** How short of memory the process is: hold less when it is (core/pressure/pressure.ts says who does what). */
  readonly pressure: Pressure
  readonly senders: Senders
  /** Other components of this Tapio, by question (lookup.ts); what is mostly asked has services of its own. */
  readonly peers: AskPeer
  /** What the store of this Tapio keeps. */
  readonly store: StoreLookup
  /** What the cluster is made of, as correlation knows it. */
  readonly topology: TopologyLookup
}

export type ServiceName = keyof ServiceValues

/** One component's view of the container. */
export interface Services {
  get<K extends ServiceName>(name: K): ServiceValues[K]
  get<T>(token: Token<T>): T
  /** Instantiates a class whose constructor parameters carry `@inject(Tokens.x)`. */
  construct<T>(type: new (...args: never[]) => T): T
  /** The same with some of them replaced: for whoever wraps a component. */
  with(values: Partial<ServiceValues>): Services
}

/** Replaces or adds services for all components created after it: tests and plugins use it (`clock`, a store, …). */
export type Override = (container: DependencyContainer) => void

export function createServices (values: ServiceValues, overrides: readonly Override[] = []): Services {
  const scope = rootContainer.createChildContainer()
  for (const name of Object.keys(Tokens) as ServiceName[]) scope.registerInstance(Tokens[name], values[name] as object)
  for (const override of overrides) override(scope)
  return {
    get: <T>(wanted: ServiceName | Token<T>) => scope.resolve(typeof wanted === 'string' ? Tokens[wanted] : wanted.key) as never,
    construct: <T>(type: new (...args: never[]) => T) => scope.resolve(type as InjectionToken<T>),
    with: replaced => createServices({ ...values, ...replaced }, overrides)
  }
}
