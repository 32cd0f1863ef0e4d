/** Whether what is shipped may be given on: licences by their SPDX expression. */
import type { LockedPackage } from './lockfile.js'

/** Ask for no more than to be named. */
const allowed: ReadonlySet<string> = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'Python-2.0', 'Unlicense', 'Zlib'])

/** Of an SPDX expression of identifiers, AND, OR and brackets; anything else (`WITH`, `SEE LICENSE IN`, a URL) is not allowed. */
export function isAllowed (expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  let at = 0
  const term = (): boolean => {
    const token = tokens[at++]
    if (token !== '(') return token !== undefined && allowed.has(token)
    const inner = alternatives()
    return tokens[at++] === ')' && inner
  }
  const all = (): boolean => {
    let holds = term()
    while (tokens[at] === 'AND') { at++; holds = term() && holds }
    return holds
  }
  const alternatives = (): boolean => {
    let holds = all()
    while (tokens[at] === 'OR') { at++; holds = all() || holds }
    return holds
  }
  return alternatives() && at === tokens.length
}

/** Lines for people. */
export function licenceFaults (packages: readonly LockedPackage[]): string[] {
  return packages.filter(p => p.shipped && !isAllowed(p.license ?? ''))
    .map(({ name, version, license }) => `${name} ${version}: licence ${license === undefined ? 'unknown' : `"${license}"`}; expected one of ${[...allowed].join(', ')}, or AND/OR of them`)
}
