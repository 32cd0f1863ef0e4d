/**
 * What must never be printed. pino's own `redact` takes exact, case-sensitive paths, and a `*` stands for one level only
 * (node_modules/pino/docs/redaction.md), so it cannot say "any key like this, at any depth"; this can.
 */
const secretWords = /authorization|token|passw(?:or)?d|passphrase|secret|apikey|bearer|privatekey|cookie|credential/

/** True when a key names a secret: any case, and `-`, `_`, `.` or nothing between its words. `token_count` is one too: better blind than leaking. */
export function isSecretKey (key: string): boolean {
  return secretWords.test(key.toLowerCase().replace(/[-_.\s]/g, ''))
}

export const redacted = '[redacted]'

/** Bearer and basic credentials as they stand in header lines; a digit is asked for, so that "bearer authentication" stays readable. */
const schemeCredentials = /\b(bearer|basic)\s+(?=[^\s"',;]*\d)[\w.~+/=-]{6,}/gi
/** `scheme://user:password@host`: connection strings end up in error messages of every client library. */
const urlPassword = /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,256}:)[^\s/@]{1,256}@/gi
/** `api_key=x` in a query or a command line, and `"api_key": "x"` in JSON quoted by an error. */
const assigned = /((?:token|passw(?:or)?d|passphrase|secret|api[_-]?key|private[_-]?key|credential)[\w-]{0,20}(?:=|"\s{0,4}:\s{0,4}"))[^\s&"',;]{1,512}/gi
const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g

// Quantifiers are bounded: a hostile text of dots and letters would make an open one quadratic.

/** `text` without the secrets that can be told by their shape: bearer tokens, passwords in URLs, `secret=x`, PEM private keys. */
export function hideSecrets (text: string): string {
  return text.replace(schemeCredentials, `$1 ${redacted}`).replace(urlPassword, `$1${redacted}@`)
    .replace(pemKey, redacted).replace(assigned, `$1${redacted}`)
}
