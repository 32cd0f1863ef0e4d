/** Where marks go on a timeline. Pure: pixels in, pixels out. */

export interface View { readonly from: number, readonly to: number }

export interface Mark { readonly id: number, readonly from: number, readonly to: number }

/** Rows of marks that do not cover each other: each needs its own stretch and room for its words behind. */
export function rowsOf (marks: readonly Mark[], view: View, width: number, wordsWidth: number): ReadonlyMap<number, number> {
  const ends: number[] = []
  const rows = new Map<number, number>()
  for (const { id, from, to } of [...marks].sort((a, b) => a.from - b.from || a.id - b.id)) {
    const left = x(from, view, width)
    const right = Math.max(x(to, view, width), left + wordsWidth)
    const free = ends.findIndex(end => end <= left)
    const row = free < 0 ? ends.length : free
    ends[row] = right + 6
    rows.set(id, row)
  }
  return rows
}

export function x (ms: number, { from, to }: View, width: number): number { return (ms - from) / (to - from) * width }

/** Nearer (`by` < 1) or farther, with what is at `at` (0 to 1) kept in place; never beyond `whole` nor under a tenth of a second. */
export function zoomed (view: View, whole: View, by: number, at: number): View {
  const size = Math.min(whole.to - whole.from, Math.max(100, (view.to - view.from) * by))
  const fixed = view.from + (view.to - view.from) * at
  return inside({ from: fixed - size * at, to: fixed + size * (1 - at) }, whole)
}

/** Moved by a share of what is seen. */
export function moved (view: View, whole: View, by: number): View {
  const step = (view.to - view.from) * by
  return inside({ from: view.from + step, to: view.to + step }, whole)
}

function inside ({ from, to }: View, whole: View): View {
  const shift = from < whole.from ? whole.from - from : to > whole.to ? whole.to - to : 0
  return { from: Math.max(whole.from, from + shift), to: Math.min(whole.to, to + shift) }
}

const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000]

/** Round times, at most `most` of them. */
export function ticksOf ({ from, to }: View, most: number): { readonly at: readonly number[], readonly step: number } {
  const step = ticks.find(t => (to - from) / t <= most) ?? Math.ceil((to - from) / most / 86_400_000) * 86_400_000
  const at: number[] = []
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) at.push(t)
  return { at, step }
}
