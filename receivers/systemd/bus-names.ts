/** Names and values of D-Bus as systemd uses them. */
import { Variant } from '@jellybrick/dbus-next'
import { unitPaths } from './bus.js'

/** The unit of an object path: what is no letter or digit is written as `_` and two hex digits. */
export function unitOfPath (path: string): string | undefined {
  if (!path.startsWith(`${unitPaths}/`)) return undefined
  const bytes = path.slice(unitPaths.length + 1).replace(/_([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

export function pathOfUnit (unit: string): string {
  let path = ''
  for (const byte of Buffer.from(unit)) {
    const letter = String.fromCharCode(byte)
    path += /[A-Za-z]/.test(letter) || (/\d/.test(letter) && path !== '') ? letter : `_${byte.toString(16).padStart(2, '0')}`
  }
  return `${unitPaths}/${path}`
}

/** The plain values of an `a{sv}`. */
export function plain (map: unknown): Record<string, unknown> {
  const values = Object.create(null) as Record<string, unknown>
  if (typeof map !== 'object' || map === null) return values
  for (const [key, value] of Object.entries(map)) values[key] = value instanceof Variant ? value.value : value
  return values
}
