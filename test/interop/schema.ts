/** Whether the schema table says what the descriptors of the official opentelemetry-proto package say, field by field. */
import { messageType, type Field, type MessageType } from '../../core/otlp/schema.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import type { Outcome } from './outcome.js'

/** As schema.py prints them: JSON name, number, type, repeated, presence, full name of its message. */
type OfficialField = readonly [string, number, string, boolean, boolean, string | null]

export interface OfficialSchema {
  readonly roots: Readonly<Record<OtlpSignal, string>>
  readonly messages: Readonly<Record<string, readonly OfficialField[]>>
}

export function compareSchema (official: OfficialSchema): Outcome {
  const pairs = new Map<MessageType, string>()
  for (const signal of otlpSignals) walk(official, signalFacts[signal].request, official.roots[signal], pairs)
  let fields = 0
  const differences = [...pairs].flatMap(([type, name]) => {
    const wanted = (official.messages[name] ?? []).map(describeOfficial).sort()
    const found = type.fields.map(describe).sort()
    fields += wanted.length
    return [...wanted.filter(f => !found.includes(f)).map(f => `  ${name} has ${f}`), ...found.filter(f => !wanted.includes(f)).map(f => `  ${type.name} has ${f}`)]
  })
  const compared = `${fields} fields of ${pairs.size} messages`
  return differences.length === 0 && fields > 0 ? { compared } : { compared, difference: differences.join('\n') }
}

/** The messages of both sides that stand for each other, from a request down. */
function walk (official: OfficialSchema, type: MessageType, name: string, pairs: Map<MessageType, string>): void {
  if (pairs.has(type)) return
  pairs.set(type, name)
  for (const [, number, , , , inner] of official.messages[name] ?? []) {
    const message = type.byNumber[number]?.message
    if (inner !== null && message !== undefined) walk(official, messageType(message.name), inner, pairs)
  }
}

function describe ({ name, number, scalar, repeated, explicit }: Field): string {
  const type = scalar === undefined ? 'message' : ['traceId', 'spanId', 'profileId'].includes(scalar) ? 'bytes' : scalar
  // A message is always there or not.
  return `${name}=${number}:${type}${repeated ? '*' : ''}${explicit && scalar !== undefined ? '?' : ''}`
}

function describeOfficial ([name, number, type, repeated, presence]: OfficialField): string {
  return `${name}=${number}:${type}${repeated ? '*' : ''}${presence && type !== 'message' ? '?' : ''}`
}
