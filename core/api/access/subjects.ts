/** What a request is about, for the audit log: its ids, and how many of what it brings. Nothing else of it is safe to write down. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'

const maxIdLength = 256

export function subjectsOf (method: DescMethod, request: unknown): Record<string, string | number> {
  const subjects: Record<string, string | number> = {}
  if (typeof request !== 'object' || request === null) return subjects
  const message = reflect(method.input, request as Message)
  for (const field of message.fields) {
    if (!message.isSet(field)) continue
    if (field.fieldKind === 'list') subjects[field.name] = message.get(field).size
    else if (field.fieldKind === 'scalar' && /^(?:id|.*_id|validate_only)$/.test(field.name)) subjects[field.name] = String(message.get(field)).slice(0, maxIdLength)
  }
  return subjects
}
