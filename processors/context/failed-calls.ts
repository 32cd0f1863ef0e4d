/** A connection that failed tells who calls whom as well as one that did not. */
import type { Engine } from '../../core/correlation/engine.js'
import type { Seen } from '../../core/correlation/signs.js'
import type { Resolver, Whose } from './whose.js'

export function noteFailedCall ({ engine, resolver, calls }: { readonly engine: Engine, readonly resolver: Resolver, readonly calls: { wantsConnection(timeMs: number): boolean } }, { sign, detail }: Seen, whose: Whose, timeMs: number): void {
  if (!sign.startsWith('net.connection_') || typeof detail.peer !== 'string') return
  if (whose.entity.kind !== 'Pod' || whose.waits !== undefined || !calls.wantsConnection(timeMs)) return
  const callee = resolver.peer(detail.peer, whose.entity.namespace ?? '', timeMs)
  if (callee !== undefined) engine.dependencies.note(resolver.callerOf(whose, timeMs), resolver.calleeOf(callee, timeMs), timeMs, 1, 1)
}
