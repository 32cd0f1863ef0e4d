/**
 * How far everything has been settled, where several pieces of work are under way and end in any order: each piece is told of when it and
 * all before it are done. A cursor that is moved only then never passes what may have to be read again.
 */
interface Open<T> { end: T | undefined, done: boolean }

export class Watermark<T> {
  readonly #line: Open<T>[] = []

  /** `reach` is told the end of each piece, in the order in which they were begun. */
  constructor (readonly reach: (end: T) => void) {}

  /** Pieces that are not done, or stand behind one that is not. */
  get underWay (): number { return this.#line.length }

  /**
   * Begins a piece of work behind all that were begun before. The function it returns says, once, that it is done. A piece that is given up
   * is never done: the watermark stays in front of it for good.
   */
  begin (): (end: T) => void {
    const open: Open<T> = { end: undefined, done: false }
    this.#line.push(open)
    return end => {
      open.end = end
      open.done = true
      while (this.#line[0]?.done === true) this.reach(this.#line.shift()?.end as T)
    }
  }
}
