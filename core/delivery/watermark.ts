/**
 * How far everything has been settled, where several pieces of work are under way and end in any order: the position of the last piece
 * before the first that is not done. A cursor that is kept there never passes what may have to be read again.
 */
interface Open<T> { position: T | undefined, done: boolean }

export class Watermark<T> {
  readonly #line: Open<T>[] = []
  #reached: T | undefined

  /** `reached`: where it begins. */
  constructor (reached?: T) { this.#reached = reached }

  /** Undefined: nothing has been settled yet. */
  get reached (): T | undefined { return this.#reached }

  /** Pieces that are not done, or stand behind one that is not. */
  get underWay (): number { return this.#line.length }

  /**
   * Begins a piece of work behind all that were begun before. The function it returns says that it is done, once, with the position behind
   * it; true when the watermark moved. A piece that is given up is never done: the watermark stays in front of it for good.
   */
  begin (): (position: T) => boolean {
    const open: Open<T> = { position: undefined, done: false }
    this.#line.push(open)
    return position => {
      open.position = position
      open.done = true
      return this.#advance()
    }
  }

  #advance (): boolean {
    let moved = false
    for (let first = this.#line[0]; first?.done === true; first = this.#line[0]) {
      this.#reached = first.position
      this.#line.shift()
      moved = true
    }
    return moved
  }
}
