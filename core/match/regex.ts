/**
 * Regular expressions of users on text from strangers. JavaScript's own engine backtracks: `(a+)+$` on 30 characters stops
 * the process for seconds. So patterns run on RE2JS, whose time is linear in the text and whose syntax is that of the
 * Collector's filters (RE2: no look-around, no back-references). It costs about 2 us a text where the built-in costs
 * 0.1 us, so patterns that cannot backtrack (words, alternatives, anchors: `error|timeout`) stay with the built-in.
 */
import { RE2JS } from 're2js'

/** A longer pattern is a list of words, for which `equals` is there. */
export const maxPatternLength = 1000

const onlyWords = /^[\w :/@=,|^$-]*$/

export interface TextPattern { test(text: string): boolean }

/** The compiled pattern, or what is wrong with it as a string. */
export function compilePattern (source: string): TextPattern | string {
  if (source.length > maxPatternLength) return `a pattern has at most ${maxPatternLength} characters, found ${source.length}`
  if (onlyWords.test(source)) return new RegExp(source)
  try {
    return RE2JS.compile(source)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
