/** `tapio explain-drop --event ID`: where an event was seen last, as far as anything remembers single events. */
import type { ApiClient } from '../../api/client/client.js'
import { ApiError } from '../../api/call.js'
import { EventService } from '../../api/gen/tapio/v1/event_service_pb.js'
import type { EventBatch } from '../../data/batch.js'
import { findPlaces, PlaceError } from '../../replay/places.js'
import { readFound } from '../../replay/read.js'
import { printable } from '../../story/printable.js'
import { dateTime } from '../../story/words.js'
import { timeText } from '../client/event-line.js'
import { jsonText } from '../client/documents.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import type { Prepared } from '../prepare.js'
import { sourcesOf } from '../replay/sources.js'

interface Sighting {
  /** Where it was looked for. */
  readonly where: string
  readonly found: boolean
  readonly detail: string
}

/** `api`: undefined when no Tapio is asked. `prepared`: its dead letters and queues on disk are read. */
export async function explainEvent (id: string, api: ApiClient | undefined, prepared: Prepared | undefined, output: 'text' | 'json', io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const looked: Sighting[] = [...(api === undefined ? [] : [await inStore(id, api, signal)])]
  if (prepared !== undefined) for (const { path } of sourcesOf(prepared.config, true)) looked.push(await inFiles(id, path, signal))
  const isFound = looked.some(l => l.found)
  if (output === 'json') io.out(jsonText({ event: id, found: isFound, looked }))
  else {
    io.out(`${[`event ${id}`, ...looked.map(l => `  ${l.found ? 'found in' : 'not in'} ${printable(l.where, 200)}${l.detail === '' ? '' : `: ${printable(l.detail)}`}`), ...(isFound ? [] : [
      '', 'Nothing that remembers single events has it: it was delivered to a backend, dropped, or never came. Counters do not keep ids:',
      'tapio explain-drop says where events end, tapio tap shows those that pass now.'
    ])].join('\n')}\n`)
  }
  return isFound ? 'ok' : 'failure'
}

async function inStore (id: string, api: ApiClient, signal: AbortSignal): Promise<Sighting> {
  const where = `the store of ${api.where}`
  try {
    const { event } = await api.unary(EventService.method.getEvent, { id }, { signal })
    if (event !== undefined) return { where, found: true, detail: `${timeText(event.time)} UTC, ${event.source}${event.name === '' ? '' : `, ${event.name}`} (tapio events ${id})` }
  } catch (error) {
    if (!(error instanceof ApiError) || !['NOT_FOUND', 'FAILED_PRECONDITION'].includes(error.code)) throw error
    if (error.code === 'FAILED_PRECONDITION') return { where, found: false, detail: error.message }
  }
  return { where, found: false, detail: 'a store keeps what its `keep` says, for as long as its `retention` says' }
}

/** Dead letters, and what waits in queues. */
async function inFiles (id: string, path: string, signal: AbortSignal): Promise<Sighting> {
  try {
    for (const place of await findPlaces([path])) {
      for (const file of place.files) {
        for await (const found of readFound(file, () => false, signal)) {
          if (found.kind !== 'batch' || !holds(found.batch, id)) continue
          const { letter } = found
          return { where: file, found: true, detail: letter === undefined ? 'it waits there, or was delivered from there' : `rejected by ${letter.exporter} on ${dateTime(letter.atMs)}: ${letter.reason} (tapio replay ${path})` }
        }
      }
    }
    return { where: path, found: false, detail: '' }
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error
    return { where: path, found: false, detail: error.message }
  }
}

function holds ({ columns, count }: EventBatch, id: string): boolean {
  const wanted = Buffer.from(id, 'hex')
  const ids = columns.id
  if (ids === undefined) return false
  for (let row = 0; row < count; row++) if (wanted.equals(ids.subarray(row * wanted.length, (row + 1) * wanted.length))) return true
  return false
}
