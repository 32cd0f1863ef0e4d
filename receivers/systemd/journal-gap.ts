/**
 * Whether something was removed from the journal (vacuumed, lost with a disk or at a boot) before it was read. A start asks for the entry
 * it was at last: when another comes first, that one is gone, and perhaps others behind it.
 */

/** `entries` undefined: as many as there were since, nobody can tell. */
export interface Gap { readonly entries: number | undefined }

/** man 7 systemd.journal-fields: a cursor is opaque. All versions so far begin it with the source of sequence numbers and the number, in hex. */
const numbered = /^s=([0-9a-f]+);i=([0-9a-f]+);/

/** Undefined: nothing is missing. */
export function gapBetween (last: string, first: string): Gap | undefined {
  if (last === first) return undefined
  const [a, b] = [numbered.exec(last), numbered.exec(first)]
  if (a === null || b === null || a[1] !== b[1]) return { entries: undefined }
  const between = parseInt(b[2] as string, 16) - parseInt(a[2] as string, 16) - 1
  return between <= 0 ? undefined : { entries: between }
}
