/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60
}

/** Cores, bytes or a plain number; NaN when it is none. */
export function quantity (value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.length > 40) return NaN
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(value.trim())
  if (parts === null) return NaN
  const [, digits = '', exponent = '', suffix = ''] = parts
  // Milli in thousandths: 0.1 + 0.2 of cores must be 0.3.
  return exponent === '' ? round(Number(digits) * (factors[suffix] ?? NaN)) : Number(digits + exponent)
}

export const round = (n: number): number => Math.abs(n) < 1e6 ? Math.round(n * 1e9) / 1e9 : Math.round(n)
