/** One line of a log, whatever wrote it: when, how bad, what. */
import { Severity } from '../../core/data/enums.js'
import { monthNumber, withoutYear, type LocalClock } from './times.js'

export interface LogLine {
  readonly message: string
  /** NaN: the line does not say. */
  readonly timeMs: number
  readonly severity: number
  /** Of a journal's line: `kubelet`. */
  readonly program?: string
}

/** Longest line kept, in UTF-16 units. */
export const maxLine = 8192

const iso = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(Z|[+-]\d\d:?\d\d)?\]?\s*/
/** CRI: `TIME stdout F text`. */
const criStream = /^(?:stdout|stderr) [FP] /
const klog = /^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)\s+\d+ /
const syslog = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (?:(\S+) )?([^\s:[]+)(?:\[\d+\])?: /
const logfmtTime = /(?:^|\s)(?:time|ts|timestamp)="?([^"\s]+)"?/
const logfmtLevel = /(?:^|\s)(?:level|lvl|severity)="?([a-z]+)/i

const levels: readonly (readonly [RegExp, number])[] = [
  [/^(?:emerg|alert|crit|fatal|panic|f$)/i, Severity.critical], [/^(?:err|severe|e$)/i, Severity.error], [/^(?:warn|w$)/i, Severity.warning],
  [/^(?:notice|info|log|i$)/i, Severity.info], [/^(?:debug|verbose|d$)/i, Severity.debug], [/^trace/i, Severity.trace]
]
/** A guess, for lines that do not say it. `0 errors` and `no error` are none. */
const words: readonly (readonly [RegExp, number])[] = [
  [/\b(?:panic|fatal|critical|segfault|out of memory|oom-kill(?:er|ed)?)\b/i, Severity.critical],
  [/(?<!\b(?:no|0|without) )\b(?:errors?|exception|failed|failure|fail|refused|cannot|could not|unable to|traceback|denied|timed out)\b/i, Severity.error],
  [/\b(?:warn(?:ing)?|deprecated|retry(?:ing)?)\b/i, Severity.warning],
  [/\bdebug\b/i, Severity.debug]
]

/** `line` is at most `maxLine` long. */
export function readLogLine (line: string, clock: LocalClock): LogLine {
  const stamped = iso.exec(line)
  const rest = stamped === null ? line : line.slice(stamped[0].length).replace(criStream, '')
  const stampedMs = stamped === null ? NaN : isoTime(stamped[1] as string, stamped[2], clock)
  const inner = rest.startsWith('{') ? jsonLine(rest, clock) : plainLine(rest, clock)
  // The program's own time is nearer to what happened than the runtime's.
  return { ...inner, timeMs: Number.isNaN(inner.timeMs) ? stampedMs : inner.timeMs }
}

/** True for lines that go on with the one before: stack traces, wrapped texts. */
export function isContinuation (line: string): boolean { return /^(?:\s+\S|Caused by:|\.\.\. \d+ more)/.test(line) }

function isoTime (text: string, zone: string | undefined, { offsetMinutes }: LocalClock): number {
  const ms = Date.parse(`${text.replace(' ', 'T').replace(',', '.')}${zone ?? 'Z'}`)
  return zone === undefined ? ms - offsetMinutes * 60_000 : ms
}

function plainLine (text: string, clock: LocalClock): LogLine {
  const journal = syslog.exec(text)
  if (journal !== null) {
    const [whole, month = '', day = '', at = '', , program = ''] = journal
    const inner = plainLine(text.slice(whole.length), clock)
    return { ...inner, program, timeMs: monthNumber(month) === 0 ? inner.timeMs : withoutYear(monthNumber(month), Number(day), at, clock) }
  }
  const google = klog.exec(text)
  if (google !== null) return { message: text, timeMs: withoutYear(Number(google[2]), Number(google[3]), google[4] as string, clock), severity: levelOf(google[1] as string) }
  const level = logfmtLevel.exec(text)?.[1] ?? ''
  const time = logfmtTime.exec(text)?.[1] ?? ''
  return { message: text, timeMs: iso.test(time) ? Date.parse(time) : NaN, severity: levelOf(level) || guess(text) }
}

function jsonLine (text: string, clock: LocalClock): LogLine {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch {
    return plainLine(text, clock)
  }
  const first = (...keys: string[]): unknown => keys.map(k => fields[k]).find(v => typeof v === 'string' || typeof v === 'number')
  const message = first('message', 'msg', 'log', 'error', 'event')
  const [level, time] = [first('severity', 'level', 'lvl', 'levelname', 'log.level'), first('time', 'timestamp', 'ts', '@timestamp', 'datetime')]
  const cause = first('error', 'err', 'exception', 'error.message')
  const said = typeof message === 'string' ? message : text
  // `request failed` alone says nothing: why is in a field of its own.
  const shown = typeof cause === 'string' && cause !== '' && !said.includes(cause) ? `${said}: ${cause}` : said
  return { message: shown, timeMs: jsonTime(time, fields.instant), severity: (typeof level === 'number' ? pinoLevel(level) : levelOf(String(level ?? ''))) || guess(shown) }
}

/** Texts, seconds, milliseconds or nanoseconds since 1970 by their size; log4j's `instant`. */
function jsonTime (time: unknown, instant: unknown): number {
  if (typeof time === 'string') return Date.parse(time)
  if (typeof time === 'number') return time > 1e17 ? time / 1e6 : time > 1e14 ? time / 1e3 : time > 1e11 ? time : time * 1000
  const { epochSecond, nanoOfSecond } = (instant ?? {}) as { readonly epochSecond?: unknown, readonly nanoOfSecond?: unknown }
  return typeof epochSecond === 'number' ? epochSecond * 1000 + (typeof nanoOfSecond === 'number' ? nanoOfSecond / 1e6 : 0) : NaN
}

/** pino and bunyan: 10 = trace to 60 = fatal. */
function pinoLevel (level: number): number {
  return ([Severity.trace, Severity.debug, Severity.info, Severity.warning, Severity.error, Severity.critical] as const)[Math.round(level / 10) - 1] ?? 0
}

function levelOf (word: string): number { return levels.find(([pattern]) => pattern.test(word))?.[1] ?? 0 }

function guess (text: string): number { return words.find(([pattern]) => pattern.test(text))?.[1] ?? Severity.info }
