/** Numbers for people. The API's 64-bit ones come as text. */

export function num (value: string | number | undefined): number {
  const n = Number(value ?? 0)
  return Number.isFinite(n) ? n : 0
}

const steps: readonly (readonly [number, string])[] = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]

/** `950`, `1.2k`, `34M`. */
export function short (n: number): string {
  // 999.6 k is said as 1 M.
  const [size, word] = steps.find(([size]) => Math.abs(n) >= size * 0.9995) ?? [1, '']
  const x = n / size
  return `${Number(x.toFixed(Math.abs(x) < 10 && (word !== '' || !Number.isInteger(x)) ? 1 : 0))}${word}`
}

const byteSteps: readonly (readonly [number, string])[] = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']]

export function bytes (n: number): string {
  const [size, word] = byteSteps.find(([size]) => n >= size) ?? [1, 'B']
  const x = n / size
  return `${Number(x.toFixed(x < 10 && word !== 'B' ? 1 : 0))} ${word}`
}

/** 0.834 -> `83 %`. */
export function percent (share: number): string {
  const p = share * 100
  return `${p > 0 && p < 1 ? '< 1' : p > 99 && p < 100 ? '> 99' : Math.round(p)} %`
}

/** `12 345`, kept on one line. */
export function whole (n: number): string { return n.toLocaleString('en').replaceAll(',', '\u00a0') }

export function count (n: number, one: string, many = `${one}s`): string { return `${whole(n)} ${n === 1 ? one : many}` }
