/** Messages that differ in numbers, ids and addresses only say the same. */

/** Of a message no more is compared. */
const longest = 512

/** The message with each run of digits, and of six or more hexadecimal ones, as `#`. */
export function masked (message: string): string { return message.slice(0, longest).replace(/[0-9a-f]{6,}|\d+/gi, '#') }

const leastHex = 6
const hash = 35

/** Whether `masked(message) === template`, without making it: asked for every row of trouble. */
export function isAlike (message: string, template: string): boolean {
  const end = Math.min(message.length, longest)
  let at = 0
  for (let i = 0; i < end; at++) {
    const code = message.charCodeAt(i)
    const run = isHex(code) ? runAt(message, i, end) : 0
    if (template.charCodeAt(at) !== (run > 0 ? hash : code)) return false
    i += run > 0 ? run : 1
  }
  return at === template.length
}

/** Length of what becomes one `#` at `start`; 0 = nothing. */
function runAt (text: string, start: number, end: number): number {
  let at = start + 1
  while (at < end && isHex(text.charCodeAt(at))) at++
  if (at - start >= leastHex) return at - start
  at = start
  while (at < end && isDigit(text.charCodeAt(at))) at++
  return at - start
}

function isDigit (code: number): boolean { return code >= 48 && code <= 57 }
function isHex (code: number): boolean { return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70) }
