/** Numbers of a running Tapio as people read them. */
import type { Colors } from '../../story/layout.js'
import { number } from '../../story/words.js'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `12.3 MiB`. */
export function bytesText (bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++ }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit]}`
}

/** A second: `12,345`, `3.5`, `0`. */
export function rateText (perSecond: number): string {
  return perSecond >= 10 || perSecond === 0 ? number(Math.round(perSecond)) : (Math.round(perSecond * 10) / 10).toString()
}

/** Milliseconds: `1,234`, `12.3`, `0.05`; `-` when nothing flowed. */
export function msText (ms: number): string {
  if (ms <= 0) return '-'
  return ms >= 100 ? number(Math.round(ms)) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(2)
}

/** A filled part of `width` cells; something is never nothing. */
export function bar (share: number, width: number): string {
  const whole = Math.min(1, Math.max(0, share))
  const filled = whole > 0 ? Math.max(1, Math.round(whole * width)) : 0
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
}

/** The colour of something that is so full. */
export const load = (share: number, c: Colors): (text: string) => string => share >= 0.9 ? c.red : share >= 0.7 ? c.yellow : c.green
