/** Pages of a list that is at hand whole, by id. A token belongs to its question, as the store's do. */
import { createHash } from 'node:crypto'
import type { Page } from '../gen/tapio/v1/entity_pb.js'
import { badField } from './faults.js'
import { defaultPage } from './questions.js'

export interface ListPage<T> { readonly items: readonly T[], readonly next: string }

/** `items` by ascending id; `question`: all of the request that chose them. `oldest` or nothing said: ascending; `newest`: descending. */
export function pageOfList<T extends { readonly id: string }> (items: readonly T[], question: readonly string[], page: Page | undefined): ListPage<T> {
  const { size = 0, token = '', order = '' } = page ?? {}
  const mark = createHash('sha256').update(JSON.stringify([order, ...question])).digest('base64url').slice(0, 10)
  const after = token === '' ? undefined : idIn(token, mark)
  const ordered = order === 'newest' ? items.toReversed() : items
  const rest = after === undefined ? ordered : ordered.filter(({ id }) => order === 'newest' ? id < after : id > after)
  const shown = rest.slice(0, size === 0 ? defaultPage : size)
  const last = shown.at(-1)
  return { items: shown, next: last === undefined || shown.length === rest.length ? '' : `${mark}${Buffer.from(last.id).toString('base64url')}` }
}

function idIn (token: string, mark: string): string {
  if (!token.startsWith(mark)) throw badField('page.token', 'is not one of this question and order')
  return Buffer.from(token.slice(mark.length), 'base64url').toString()
}
