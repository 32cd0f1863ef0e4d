/** Durations and sizes: the text people write, and the number the program uses. */
const msPerUnit: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A hundred years: beyond it the number is a mistake, and sums of times stay exact in a double. */
export const maxDurationMs = 36_500 * 86_400_000

/** `200ms`, `5s`, `1m30s`, `2h`, `7d` or `0` as milliseconds (nanosecond steps); undefined when it is none. */
export function parseDuration (text: string): number | undefined {
  if (text === '0') return 0
  if (text.length > 64 || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/.test(text)) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)) ms += Number(amount) * (msPerUnit[unit ?? ''] ?? 0)
  return ms <= maxDurationMs ? roundToNano(ms) : undefined
}

/** Sums such as 0.1s + 0.2s must give the same number as 300ms, or printing and loading would drift. */
const roundToNano = (ms: number): number => Math.abs(ms) < 1e9 ? Math.round(ms * 1e6) / 1e6 : Math.round(ms)

/** The shortest text that `parseDuration` reads back as the same number. */
export function formatDuration (ms: number): string {
  if (ms === 0) return '0s'
  if (!Number.isInteger(ms)) return `${ms.toFixed(6).replace(/\.?0+$/, '')}ms`
  let [rest, text] = [ms, '']
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = msPerUnit[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4
}

/** `4MiB`, `1.5 GB`, `512` as whole bytes; undefined when it is none. */
export function parseBytes (text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(B|[KMGT]i?B)?$/.exec(text)
  if (match === null || text.length > 64) return undefined
  const bytes = Number(match[1]) * (bytesPerUnit[match[2] ?? 'B'] ?? 1)
  const whole = Math.round(bytes)
  return Number.isSafeInteger(whole) && Math.abs(bytes - whole) < 1e-3 ? whole : undefined
}

/** The shortest text that `parseBytes` reads back as the same number. */
export function formatBytes (bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = bytesPerUnit[unit] ?? 1
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return `${bytes}B`
}
