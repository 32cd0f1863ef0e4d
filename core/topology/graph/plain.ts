/** Reading objects that nobody has checked: a wrong shape reads like a missing one, never as an exception. */
export type Plain = Readonly<Record<string, unknown>>

const nothing: Plain = {}

export function valueAt (value: unknown, ...path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Plain)[key]
  }
  return at
}

export function objectAt (value: unknown, ...path: readonly string[]): Plain {
  const found = valueAt(value, ...path)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found as Plain : nothing
}

export function textAt (value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : ''
}

export function listAt (value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Labels: those of an object's members that are texts. */
export function textsAt (value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(objectAt(value, ...path)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
