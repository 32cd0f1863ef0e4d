/**
 * Reads what a target exposes: the Prometheus text format 0.0.4 and OpenMetrics 1.0. One pass, no regular expression, work in proportion to
 * the length. A line that cannot be read is skipped and counted: a target with one bad line is better than none.
 */

export interface Sample { readonly name: string, readonly labels: ReadonlyMap<string, string>, readonly value: number, readonly timeMs: number | undefined }

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown'

/** `name` without the suffixes of its samples (`_bucket`, `_sum`, `_count`; `_total` of OpenMetrics). */
export interface Family { readonly name: string, type: FamilyType, help: string, unit: string, readonly samples: Sample[] }

export interface Exposition { readonly families: readonly Family[], readonly samples: number, readonly badLines: number, /** There were more than `maxSamples`. */ readonly cut: boolean }

const types: Readonly<Record<string, FamilyType>> = { counter: 'counter', gauge: 'gauge', histogram: 'histogram', gaugehistogram: 'histogram', summary: 'summary', info: 'gauge', stateset: 'gauge', untyped: 'unknown', unknown: 'unknown' }
const suffixes = ['_bucket', '_sum', '_count', '_total', '_created', '_info', '_gsum', '_gcount']

export function readExposition (text: string, maxSamples: number): Exposition {
  const families = new Map<string, Family>()
  let [samples, badLines, cut, at] = [0, 0, false, 0]
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const line = text.slice(at, newline < 0 ? text.length : newline).trim()
    at = newline < 0 ? text.length : newline + 1
    if (line === '') continue
    if (line.startsWith('#')) { describe(line, families); continue }
    const sample = readSample(line)
    if (sample === undefined) { badLines++; continue }
    if (samples >= maxSamples) { cut = true; break }
    samples++
    familyOf(sample.name, families).samples.push(sample)
  }
  return { families: [...families.values()].filter(f => f.samples.length > 0), samples, badLines, cut }
}

function describe (line: string, families: Map<string, Family>): void {
  const [, what, name, ...rest] = line.split(' ')
  if (name === undefined || !isName(name)) return
  const text = rest.join(' ')
  if (what === 'TYPE') named(name, families).type = types[text.trim()] ?? 'unknown'
  else if (what === 'HELP') named(name, families).help = unescape(text)
  else if (what === 'UNIT') named(name, families).unit = text.trim()
}

function named (name: string, families: Map<string, Family>): Family {
  const known = families.get(name)
  if (known !== undefined) return known
  const family: Family = { name, type: 'unknown', help: '', unit: '', samples: [] }
  families.set(name, family)
  return family
}

/** The family that was described under the sample's name, or under that less a suffix. */
function familyOf (name: string, families: Map<string, Family>): Family {
  const exact = families.get(name)
  if (exact !== undefined) return exact
  for (const suffix of suffixes) {
    const family = name.endsWith(suffix) ? families.get(name.slice(0, -suffix.length)) : undefined
    if (family !== undefined && family.type !== 'unknown') return family
  }
  return named(name, families)
}

const isStart = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 58
const isPart = (code: number): boolean => isStart(code) || (code >= 48 && code <= 57)

function nameEnd (text: string, at: number): number {
  if (!isStart(text.charCodeAt(at))) return at
  while (isPart(text.charCodeAt(at))) at++
  return at
}

const isName = (text: string): boolean => text !== '' && nameEnd(text, 0) === text.length

/** `name{label="value"} 1.5 1700000000000 # exemplar` */
function readSample (line: string): Sample | undefined {
  const end = nameEnd(line, 0)
  if (end === 0) return undefined
  const labels = new Map<string, string>()
  let at = end
  if (line[at] === '{') {
    const after = readLabels(line, at + 1, labels)
    if (after === undefined) return undefined
    at = after
  }
  const exemplar = line.indexOf(' # ', at)
  const [number = '', time, ...more] = line.slice(at, exemplar < 0 ? line.length : exemplar).trim().split(/[ \t]+/)
  const value = readNumber(number)
  if (value === undefined || more.length > 0) return undefined
  const timeMs = time === undefined ? undefined : readTime(time)
  return time !== undefined && timeMs === undefined ? undefined : { name: line.slice(0, end), labels, value, timeMs }
}

/** From behind `{`; answers with the place behind `}`. */
function readLabels (line: string, at: number, labels: Map<string, string>): number | undefined {
  for (;;) {
    while (line[at] === ' ' || line[at] === ',') at++
    if (line[at] === '}') return at + 1
    const end = nameEnd(line, at)
    if (end === at || line[end] !== '=' || line[end + 1] !== '"') return undefined
    let stop = end + 2
    while (stop < line.length && line[stop] !== '"') stop += line[stop] === '\\' ? 2 : 1
    if (stop >= line.length) return undefined
    labels.set(line.slice(at, end), unescape(line.slice(end + 2, stop)))
    at = stop + 1
  }
}

const unescape = (text: string): string => text.includes('\\') ? text.replaceAll(/\\([\\n"])/g, (_all, c: string) => c === 'n' ? '\n' : c) : text

function readNumber (text: string): number | undefined {
  const lower = text.toLowerCase()
  if (lower === '+inf' || lower === 'inf') return Infinity
  if (lower === '-inf') return -Infinity
  if (lower === 'nan') return NaN
  const value = /^[+-]?[\d.]/.test(text) ? Number(text) : NaN
  return Number.isNaN(value) ? undefined : value
}

/** Prometheus writes milliseconds, OpenMetrics seconds with a fraction. */
function readTime (text: string): number | undefined {
  const value = readNumber(text)
  if (value === undefined || !Number.isFinite(value)) return undefined
  return text.includes('.') || Math.abs(value) < 1e11 ? value * 1000 : value
}
