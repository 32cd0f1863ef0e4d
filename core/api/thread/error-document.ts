/** Errors that cross threads and are told apart on the other side. */
import type { Question } from '../../component/questions.js'
import { TapRefused, type TapRefusal } from '../../graph/tap.js'
import { Unanswered, type UnansweredWhy } from '../../graph/unanswered.js'
import type { ErrorDocument } from './protocol.js'

export function documentOf (error: unknown): ErrorDocument {
  if (error instanceof Unanswered) return { name: error.name, message: error.message, more: { component: error.component, question: error.question, why: error.why, detail: error.detail } }
  if (error instanceof TapRefused) return { name: error.name, message: error.message, more: { why: error.why } }
  return error instanceof Error ? { name: error.name, message: error.message, more: {} } : { name: 'Error', message: String(error), more: {} }
}

export function errorOf ({ name, message, more }: ErrorDocument): Error {
  if (name === 'Unanswered') return new Unanswered(more['component'] as string, more['question'] as Question, more['why'] as UnansweredWhy, more['detail'] as string)
  if (name === 'TapRefused') return new TapRefused(more['why'] as TapRefusal, message)
  return Object.assign(new Error(message), { name })
}
