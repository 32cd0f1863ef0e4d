/** What a client can read, from `Accept` and `Accept-Encoding` (RFC 9110 section 12.5). */

/** The first of `offered` with the highest quality; undefined: none is acceptable. A missing header accepts all. */
export function acceptable<T extends string> (header: string | undefined, offered: readonly T[]): T | undefined {
  const ranges = rangesOf(header)
  if (ranges.length === 0) return offered[0]
  return best(offered, type => qualityOf(ranges, type, [`${type.split('/')[0] as string}/*`, '*/*']))
}

/** undefined: as it is. */
export function encodingFor<T extends string> (header: string | undefined, offered: readonly T[]): T | undefined {
  const ranges = rangesOf(header)
  return best(offered, encoding => qualityOf(ranges, encoding, ['*']))
}

interface Range { readonly name: string, readonly quality: number }

/** Browsers send about ten; nobody needs more to be looked at. */
const maxRanges = 32

function rangesOf (header: string | undefined): readonly Range[] {
  return (header ?? '').split(',', maxRanges).flatMap(part => {
    const [name = '', ...parameters] = part.split(';').map(p => p.trim().toLowerCase())
    if (name === '') return []
    const quality = parameters.find(p => p.startsWith('q='))?.slice(2)
    return [{ name, quality: quality === undefined ? 1 : Number(quality) || 0 }]
  })
}

/** The most specific range decides. */
function qualityOf (ranges: readonly Range[], name: string, wider: readonly string[]): number {
  for (const wanted of [name, ...wider]) {
    const range = ranges.find(r => r.name === wanted)
    if (range !== undefined) return range.quality
  }
  return 0
}

function best<T extends string> (offered: readonly T[], quality: (one: T) => number): T | undefined {
  let found: T | undefined
  let highest = 0
  for (const one of offered) {
    const its = quality(one)
    if (its > highest) [found, highest] = [one, its]
  }
  return found
}
