/** For tests of changes: what is told of two states of an object, in short. */
import * as assert from 'uvu/assert'
import type { KubeObject } from '../objects.js'
import type { KubeKind } from '../watchable.js'
import type { Change } from './change.js'
import { changesOf, reduced } from './index.js'

export const nowMs = Date.UTC(2026, 0, 1, 12)

export type Draft = Readonly<Record<string, unknown>> & { readonly metadata?: Readonly<Record<string, unknown>> }

export function object ({ metadata = {}, ...rest }: Draft, version: number): KubeObject {
  return { ...rest, metadata: { name: 'x', namespace: 'shop', uid: 'u1', resourceVersion: String(version), ...metadata } }
}

/** Asserts as well that comparing with the reduced state tells the same. */
export function changes (kind: KubeKind, before: Draft | undefined, after: Draft | undefined): readonly Change[] {
  const [was, is] = [before && object(before, 1), after && object(after, 2)]
  const told = changesOf(kind, was, is, nowMs)
  assert.equal(changesOf(kind, was && reduced(kind, was), is, nowMs), told, 'the reduced state tells the same')
  for (const key of told.map(c => c.key)) assert.is(told.filter(c => c.key === key).length, 1, `the key ${key} comes once`)
  return told
}

/** `change reason severity intent [from -> to]` of each; `created` is left out. */
export function told (kind: KubeKind, before: Draft | undefined, after: Draft | undefined): string[] {
  return changes(kind, before, after).filter(c => c.change !== 'created').map(({ change, reason, severity, intent, from, to }) =>
    `${change} ${reason} ${severity} ${intent}${from === undefined && to === undefined ? '' : ` [${from ?? ''} -> ${to ?? ''}]`}`)
}
