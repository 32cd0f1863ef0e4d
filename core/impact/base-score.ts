/** How bad what happened is by itself, wherever it happened: 0 to 1. */
import type { Symptom } from '../correlation/symptom.js'
import { weightOf } from './effects.js'
import { levelFrom } from './level.js'

/** Whole words: `room` and `zoom` say nothing of memory, `panicked` and `segfaulted` are the same fault. */
const fatalWords = /\b(?:panic(?:ked)?|fatal|segfault(?:ed)?|segmentation fault|out of memory|oom|oom[-_]?kill(?:ed|er|ing)?|oomkill(?:ed|ing))\b/i
/** `non-fatal`, `Fatal: false`, `no panic`, `0 fatal`, `--oom-score-adj`: what is said not to be, counted as none, or a setting. */
const notFatal = /\b(?:non|not|no|0|without)[- ]+(?:panic(?:ked)?|fatal|oom)\b|\b(?:panic|fatal)["']?\s*[:=]\s*["']?(?:false|0|none|no)\b|\boom[-_]score/i
/** SeverityNumber. */
const severityFatal = 21
const severityWarn = 13

export function baseScore (symptom: Symptom): number {
  if (symptom.role === 'recovery') return 0.1
  if (symptom.role === 'change') return 0.25
  const { base } = weightOf(symptom)
  if (symptom.severity >= severityFatal) return Math.max(base, 0.9)
  return symptom.severity > 0 && symptom.severity < severityWarn ? base * 0.6 : base
}

/** What no place makes less than this: a panic or a fatal error is critical in production, high elsewhere. Nothing downgrades it. */
export function floorOf (symptom: Symptom, isProduction: boolean): number {
  if (symptom.role !== 'trouble' || !isFatal(symptom)) return 0
  return isProduction ? levelFrom.critical : levelFrom.high
}

function isFatal ({ severity, sign, evidence }: Symptom): boolean {
  if (severity >= severityFatal || sign === 'kernel.panic' || sign === 'app.panic') return true
  return severity >= severityWarn && evidence.some(e => saysFatal(e.message))
}

export function saysFatal (message: string): boolean {
  const text = message.slice(0, 1024)
  return fatalWords.test(text) && !notFatal.test(text)
}
