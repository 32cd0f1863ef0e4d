/** Learns chains of three to five signs that one thing goes through again and again in the same order and time (original 3.3). Bounded. */
import { BoundedTable } from './bounded-table.js'
import type { Onset } from './onsets.js'
import { consistency, Spread, volume } from './statistics.js'

export interface SequenceOptions {
  /** Between one step and the next. */
  readonly gapMs: number
  readonly maxSequences: number
  readonly minCount: number
}

export interface LearnedSequence {
  /** In their order. */
  readonly onsets: readonly Onset[]
  readonly count: number
  readonly confidence: number
}

const shortest = 3
const longest = 5
const maxSubjects = 10_000

export class LearnedSequences {
  readonly #options: SequenceOptions
  readonly #durations: BoundedTable<Spread>
  readonly #starts: BoundedTable<undefined>
  /** The last onsets of each subject. */
  readonly #courses = new Map<string, Onset[]>()

  constructor (options: SequenceOptions) {
    this.#options = options
    this.#durations = new BoundedTable(options.maxSequences)
    this.#starts = new BoundedTable(options.maxSequences)
  }

  get size (): number { return this.#durations.size }

  /** Onsets come in order of time. The longest chain that ends with this one and is known well; undefined: none. */
  add (subject: string, onset: Onset): LearnedSequence | undefined {
    const { sign } = onset.symptom
    this.#starts.count(sign, () => undefined)
    const course = this.#follow(subject, onset)
    let best: LearnedSequence | undefined
    for (let length = shortest; length <= Math.min(longest, course.length); length++) {
      const onsets = course.slice(-length)
      const learned = this.#count(onsets)
      if (learned !== undefined) best = learned
    }
    return best
  }

  #follow (subject: string, onset: Onset): readonly Onset[] {
    const known = this.#courses.get(subject) ?? []
    const last = known.at(-1)
    const goesOn = last !== undefined && onset.timeMs - last.timeMs <= this.#options.gapMs
    // A sign that comes again begins the chain anew.
    const from = known.findIndex(o => o.symptom.sign === onset.symptom.sign)
    const course = goesOn ? [...known.slice(from + 1), onset].slice(-longest) : [onset]
    this.#courses.delete(subject)
    this.#courses.set(subject, course)
    if (this.#courses.size > maxSubjects) this.#courses.delete(this.#courses.keys().next().value as string)
    return course
  }

  #count (onsets: readonly Onset[]): LearnedSequence | undefined {
    const [first, last] = [onsets[0] as Onset, onsets.at(-1) as Onset]
    const duration = this.#durations.count(onsets.map(o => o.symptom.sign).join(' > '), () => new Spread())
    duration.add(last.timeMs - first.timeMs)
    if (duration.count < this.#options.minCount) return undefined
    // How often its first sign went on like this.
    const share = duration.count / Math.max(duration.count, this.#starts.countOf(first.symptom.sign))
    return { onsets, count: duration.count, confidence: (volume(duration.count) + consistency(duration)) / 2 * share }
  }
}
