/**
 * What is secret in a text, and where. Every pattern is linear: each repetition is bounded, or of characters that what follows cannot be,
 * so that no text takes longer than its length (rules.test.ts measures it on the worst ones).
 */

export interface Rule {
  readonly name: string
  readonly pattern: RegExp
  /** Further than the pattern; left out: each match is one. */
  check?(match: string): boolean
}

/** Any text with one of them has one of these: most texts are done with after this. */
const worthALook = /[@:]|\d[ -]?\d|eyJ|bearer|basic|A[KS]IA|\d\.\d/i

const octet = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'

export const rules: Readonly<Record<string, Rule>> = {
  credit_card: { name: 'credit_card', pattern: /\d(?:[ -]?\d){12,18}/g, check: isCard },
  email: { name: 'email', pattern: /[\w.%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}/gi },
  jwt: { name: 'jwt', pattern: /eyJ[\w-]{5,4000}\.[\w-]{5,8000}\.[\w-]{0,2000}/g },
  bearer: { name: 'bearer', pattern: /\b(?:bearer|basic) {1,4}[\w.~+/-]{8,8000}={0,2}/gi },
  aws_key: { name: 'aws_key', pattern: /A[KS]IA[A-Z0-9]{16}/g },
  ip: { name: 'ip', pattern: new RegExp(`(?<![\\d.])${octet}(?:\\.${octet}){3}(?![\\d.])`, 'g') }
}

/** The part of `match` that is a card number passes Luhn's check; a digit in front of it may belong to something else. */
function isCard (match: string): boolean {
  const digits = match.replaceAll(/\D/g, '')
  return looksLikeCard(digits) || (digits.length > 13 && looksLikeCard(digits.slice(1)))
}

const looksLikeCard = (digits: string): boolean => /^[2-6]/.test(digits) && passesLuhn(digits)

export function passesLuhn (digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    const doubled = i % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

export type Found = (rule: string, match: string) => string

/** `text` with each match replaced by what `found` gives for it; the same text when there is none. */
export function replaceIn (text: string, active: readonly Rule[], found: Found): string {
  if (!worthALook.test(text)) return text
  let out = text
  for (const { name, pattern, check } of active) out = out.replaceAll(pattern, match => check === undefined || check(match) ? found(name, match) : match)
  return out
}

/** How many matches there are. */
export function countIn (text: string, active: readonly Rule[]): number {
  let count = 0
  replaceIn(text, active, (_rule, match) => { count++; return match })
  return count
}
