/** Quantities as the API writes them: `500m`, `2`, `1Gi`, `1e3`. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const powers: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60
}

/** NaN when it is none. */
export function quantity (text: string | undefined): number {
  const [, number, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text ?? '') ?? []
  return number === undefined ? NaN : Number(number) * (powers[suffix] ?? NaN)
}
