/** Events as people read them: one line each, columns that stay where they are while more come. */
import type { Timestamp } from '@bufbuild/protobuf/wkt'
import wrapAnsi from 'wrap-ansi'
import type { Event } from '../../api/gen/tapio/v1/event_pb.js'
import { entityText } from '../../correlation/entity.js'
import { layers, type Layer } from '../../correlation/symptom.js'
import { Severity, severityName } from '../../data/enums.js'
import type { Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { layerTags } from '../../story/words.js'

/** Wider ones push what follows to the right, in their line alone. */
const maxSource = 12
const maxEntity = 40
const severityRoom = 'CRITICAL'.length
const layerRoom = '[KERNEL]'.length
/** With less room for its message a line says nothing. */
const minMessage = 20
/** Narrower terminals have better uses for the year and the milliseconds, and still narrower ones for the source, which the layer hints at. */
const wideEnough = 130
const narrow = 100
/** Share of a narrow line for the entity. */
const entityShare = 0.25
const minEntity = 16

export class EventLines {
  readonly #isShort: boolean
  readonly #hasSource: boolean
  readonly #maxEntity: number
  #source = 6
  #entity = 12
  #before = 0

  /** `width`: lines are cut to it; undefined: they are as long as they are. */
  constructor (readonly colors: Colors, readonly width: number | undefined) {
    this.#isShort = width !== undefined && width < wideEnough
    this.#hasSource = width === undefined || width >= narrow
    this.#maxEntity = width === undefined || !this.#isShort ? maxEntity : Math.max(minEntity, Math.floor(width * entityShare))
  }

  /** Makes room for these before the first of them is written. `before`: see `line`. */
  fit (events: readonly Event[], before = ''): void {
    const widest = (texts: readonly string[], least: number, most: number): number => Math.min(most, texts.reduce((width, text) => Math.max(width, text.length), least))
    this.#before = widest([before], this.#before, 60)
    this.#source = widest(events.map(sourceOf), this.#source, maxSource)
    this.#entity = widest(events.map(entityOf), this.#entity, this.#maxEntity)
  }

  /** Without a line feed. `before`: a first column. */
  line (event: Event, before = ''): string {
    this.fit([event], before)
    const c = this.colors
    const time = timeText(event.time ?? event.observedTime)
    const layer = layerOfEvent(event)
    const severity = event.severityNumber === 0 ? '' : severityName(event.severityNumber).toUpperCase()
    const cells: readonly (readonly [text: string, room: number, paint: (text: string) => string])[] = [
      ...(this.#before === 0 ? [] : [[before, this.#before, c.dim] as const]),
      this.#isShort ? [time.slice(5, 19), narrowTimeRoom, c.dim] : [time, timeRoom, c.dim],
      [severity, severityRoom, severityPaint(c, event.severityNumber)],
      [layer === undefined ? '' : `[${layerTags[layer]}]`, layerRoom, c.bold],
      ...(this.#hasSource ? [[sourceOf(event), this.#source, c.dim] as const] : []),
      [this.#isShort ? ending(entityOf(event), this.#maxEntity) : entityOf(event), this.#entity, c.cyan]
    ]
    const room = this.width === undefined ? Infinity : Math.max(minMessage, this.width - cells.reduce((sum, [text, width]) => sum + Math.max(text.length, width) + 2, 0))
    return `${cells.map(([text, width, paint]) => paint(text.padEnd(width))).join('  ')}  ${cut(messageOf(event), room)}`.trimEnd()
  }
}

/** From its symptom; without one from what it is and who saw it. */
export function layerOfEvent ({ symptom, type, source }: Event): Layer | undefined {
  const ofSymptom = layers.find(layer => symptom.startsWith(`${layer}.`))
  if (ofSymptom !== undefined) return ofSymptom
  if (type === 'network' || source === 'cni') return 'net'
  if (type === 'kubernetes' || source === 'kubernetes') return 'k8s'
  if (source === 'ebpf') return 'kernel'
  if (source === 'systemd' || type === 'system') return 'node'
  return source === 'otlp' || ['span', 'log', 'metric', 'profile', 'service'].includes(type) ? 'app' : undefined
}

export function severityPaint (c: Colors, severity: number): (text: string) => string {
  if (severity >= Severity.critical) return text => c.bold(c.red(text))
  if (severity >= Severity.high) return c.red
  if (severity >= Severity.medium) return c.yellow
  return severity >= Severity.info ? c.green : c.dim
}

function messageOf ({ name, message }: Event): string {
  if (name === '' || message.startsWith(name)) return printable(message)
  return message === '' ? printable(name) : `${printable(name, 120)}: ${printable(message)}`
}

/** As terminals measure it. */
function cut (text: string, room: number): string {
  if (text.length <= room / 2) return text
  const [line = '', ...rest] = wrapAnsi(text, room, { hard: true, wordWrap: false, trim: false }).split('\n')
  return rest.length === 0 ? line : `${(wrapAnsi(text, room - 1, { hard: true, wordWrap: false, trim: false }).split('\n')[0] ?? '').trimEnd()}…`
}

/** The ends of names tell them apart. */
function ending (text: string, room: number): string { return text.length <= room ? text : `…${text.slice(text.length - room + 1)}` }

const sourceOf = ({ source }: Event): string => printable(source, 40)
const entityOf = ({ entity }: Event): string => entity === undefined ? '' : printable(entityText({ kind: entity.kind, namespace: entity.namespace, name: entity.name }), 120)

const timeRoom = '2026-01-31 03:00:00.000'.length
const narrowTimeRoom = '01-31 03:00:00'.length

/** In UTC. */
export function timeText (time: Timestamp | undefined): string {
  const ms = msOf(time)
  return ms === undefined || Math.abs(ms) > 8.64e15 ? '' : new Date(ms).toISOString().slice(0, 23).replace('T', ' ')
}

/** Milliseconds since the epoch. */
export function msOf (time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6)
}
