/** `k8s.failed_scheduling`, or `k8s.*` for all that begin so. */
export function signTest (wanted: readonly string[]): (sign: string) => boolean {
  const exact = new Set(wanted.filter(w => !w.endsWith('*')))
  const prefixes = wanted.filter(w => w.endsWith('*')).map(w => w.slice(0, -1))
  return sign => exact.has(sign) || prefixes.some(p => sign.startsWith(p))
}
