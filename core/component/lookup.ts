/**
 * What a component may ask others of this Tapio for: what the store keeps, what the cluster is made of. Wherever those run: a question may
 * cross threads, takes at most 5 s, and rejects with an error that says who did not answer and why. undefined: nobody in this configuration
 * answers (there is no store, nothing that knows the cluster).
 */
import type { EventBatch } from '../data/batch.js'
import { decodeBatch } from '../data/decode.js'
import type { Incident } from '../incidents/incident.js'
import type { EventQuery, IncidentQuery } from '../store/store.js'
import type { Answer, Question, Questions, TopologyAnswer, TopologyQuestion } from './questions.js'

/** Puts a question to the first component that answers it. */
export type AskPeer = <Q extends PeerQuestion>(question: Q, argument: Questions[Q]['argument']) => Promise<Answer<Q> | undefined>

export const peerQuestions = ['store.events', 'store.incidents', 'topology.view'] as const satisfies readonly Question[]
export type PeerQuestion = typeof peerQuestions[number]

/** Newest first. `limit`: at most 1000; 100 unless said. */
export interface StoreLookup {
  events(query: EventQuery, limit?: number): Promise<EventBatch | undefined>
  incidents(query: IncidentQuery, limit?: number): Promise<readonly Incident[] | undefined>
}

export interface TopologyLookup {
  /** An overview, or what is around an entity: depth 1 and 100 objects unless said. */
  view(question?: Partial<TopologyQuestion>): Promise<TopologyAnswer | undefined>
}

export interface Lookups { readonly peers: AskPeer, readonly store: StoreLookup, readonly topology: TopologyLookup }

const usualLimit = 100

export function lookupsBy (peers: AskPeer): Lookups {
  return {
    peers,
    store: {
      async events (query, limit = usualLimit) {
        const document = await peers('store.events', { query, limit })
        if (document === undefined) return undefined
        const decoded = decodeBatch(document)
        if (!decoded.ok) throw new Error(`the store answered with what is no batch: ${decoded.error}`)
        return decoded.batch
      },
      incidents: (query, limit = usualLimit) => peers('store.incidents', { query, limit })
    },
    topology: { view: question => peers('topology.view', { depth: 1, kinds: [], limit: usualLimit, ...question }) }
  }
}

/** Nobody answers: for components outside a graph. */
export const noLookups: Lookups = lookupsBy(() => Promise.resolve(undefined))
