/** Names that fit any of some patterns, in which `*` stands for any text. */
export class Globs {
  readonly #pattern: RegExp | undefined

  constructor (patterns: readonly string[]) {
    if (patterns.length === 0) return
    const one = (glob: string): string => glob.split(/\*+/).map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('[^]*')
    this.#pattern = new RegExp(`^(?:${patterns.map(one).join('|')})$`)
  }

  fit (name: string): boolean { return this.#pattern?.test(name) ?? false }
}
