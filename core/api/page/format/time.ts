/** Times for people: of the reader's own zone, with UTC where they look closer. */

export function msOf (time: string | undefined): number | undefined {
  if (time === undefined) return undefined
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}

const two = (n: number): string => String(n).padStart(2, '0')

export function clock (ms: number, { millis = false } = {}): string {
  const d = new Date(ms)
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}${millis ? `.${String(d.getMilliseconds()).padStart(3, '0')}` : ''}`
}

export function day (ms: number): string {
  const d = new Date(ms)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** With the day unless it is `nowMs`' own. */
export function moment (ms: number, nowMs: number): string { return day(ms) === day(nowMs) ? clock(ms) : `${day(ms)} ${clock(ms)}` }

export function utc (ms: number): string { return new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC') }

const units: readonly (readonly [number, string])[] = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'm'], [1000, 's']]

/** `340 ms`, `12 s`, `3 m 5 s`, `2 d 4 h`: two parts at most. */
export function span (ms: number): string {
  if (ms < 0) return `-${span(-ms)}`
  if (ms < 1) return ms === 0 ? '0 ms' : `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))} s`
  let rest = Math.round(ms / 1000) * 1000
  const parts: string[] = []
  for (const [size, word] of units) {
    if (parts.length === 2) break
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${word}`)
    else if (parts.length === 1) break
  }
  return parts.join(' ')
}

/** `3 m ago`; `just now` for what is less than five seconds old, or of a clock before ours. */
export function ago (ms: number, nowMs: number): string {
  const since = nowMs - ms
  if (since < 5000) return 'just now'
  const [size, word] = units.find(([size]) => since >= size) ?? [1000, 's']
  return `${Math.floor(since / size)} ${word} ago`
}

/** protobuf's JSON form: `3.5s`. */
export function durationMs (text: string | undefined): number | undefined {
  const seconds = text === undefined ? NaN : Number(text.replace(/s$/, ''))
  return Number.isNaN(seconds) ? undefined : seconds * 1000
}
