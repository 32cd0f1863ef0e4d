/** What the impact of one engine's incidents rests on beside topology and symptoms: weights and promises. Set by processors/impact. */
import type { Engine } from '../correlation/engine.js'
import { SloBook } from './slo/book.js'

const books = new WeakMap<Engine, SloBook>()
const noPromises = new SloBook()

/** An empty one when nobody promised anything. */
export function sloBookOf (engine: Engine): SloBook { return books.get(engine) ?? noPromises }

export function keepSlos (engine: Engine, book: SloBook): void { books.set(engine, book) }
