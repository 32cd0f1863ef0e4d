/** Keeps the book up to date whatever view is open, so that a new incident is announced everywhere. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SubscribeToIncidentsResponseJson } from '../../gen/tapio/v1/incident_pb.js'
import type { StreamState } from '../data/stream.js'
import { useStream } from '../data/use-stream.js'
import { open, rowFields, takeChanges } from './book.js'

export const live = signal<StreamState>({ kind: 'connecting' })

export function LiveIncidents () {
  const state = useStream<SubscribeToIncidentsResponseJson>('/v1/incidents:subscribe', { fields: rowFields }, takeChanges)
  useEffect(() => { live.value = state }, [state])
  const count = open.value.length
  useEffect(() => { document.title = count > 0 ? `(${count}) Tapio` : 'Tapio' }, [count])
  return null
}
