/** Whom a message speaks of: `host:port`, or a host alone where that is all it says. */

const host = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?'

/** From the most telling form to the least; each has the groups `host` and, where the form has one, `port`. */
const forms: readonly RegExp[] = [
  // nginx
  new RegExp(`upstream: "\\w{1,16}://(?<host>\\[[0-9a-f:]+\\]|${host})(?::(?<port>\\d{1,5}))?`),
  // Go: the peer is behind the arrow when there is one
  new RegExp(`\\b(?:dial(?:ing)?|read|write) (?:tcp|udp)[46]? (?:[^\\s>]{1,80}->)?(?<host>\\[[0-9a-f:]+\\]|${host}):(?<port>\\d{1,5})`),
  // Node
  new RegExp(`\\b(?:ECONNREFUSED|ETIMEDOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH) (?<host>${host}|[0-9a-f:]{2,45}):(?<port>\\d{1,5})`),
  // PostgreSQL
  new RegExp(`(?:host|server at) "(?<host>${host})"[^]{0,80}?port (?<port>\\d{1,5})`),
  // Java: name/address:port
  new RegExp(`(?<![\\w./-])(?<host>${host})/\\d{1,3}(?:\\.\\d{1,3}){3}:(?<port>\\d{1,5})`),
  new RegExp(`\\b[a-z][a-z0-9+.-]{1,20}://(?:[^@/\\s"']{1,128}@)?(?:tcp\\()?(?<host>\\[[0-9a-f:]+\\]|${host})(?::(?<port>\\d{1,5}))?`, 'i'),
  // urllib3
  new RegExp(`host='(?<host>${host})', port=(?<port>\\d{1,5})`),
  new RegExp(`(?<![\\w./:@-])(?<host>[A-Za-z](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])|\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9a-f:]{2,45}\\]):(?<port>\\d{2,5})(?![\\w-]|[.:]\\w)`),
  new RegExp(`(?:connect(?:ing)? to|connection to|reach(?:ing)?|lookup|host(?:name)?:?) ["'\`]?(?<host>${host})["'\`]?`, 'i')
]

/** `main.go:42` is a place in a program. */
const sourceFile = /\.(?:go|py|js|mjs|ts|java|kt|rs|rb|c|cc|cpp|cs|php|scala|ex|erl|lua|h|hpp|jar|log)$/i
/** Words that the last form takes for hosts. */
const noHosts: ReadonlySet<string> = new Set(['the', 'a', 'an', 'server', 'database', 'host', 'port', 'upstream', 'backend', 'remote', 'it', 'failed', 'is', 'was', 'to', 'on', 'at', 'for', 'error', 'line', 'localhost.', 'address', 'service', 'broker', 'peer', 'any', 'not', 'could'])

const maxPort = 65535

/** '' when nobody is named. `text` is of bounded length. */
export function peerIn (text: string): string {
  for (const form of forms) {
    const { host: found = '', port = '' } = form.exec(text)?.groups ?? {}
    if (found === '' || sourceFile.test(found) || noHosts.has(found.toLowerCase()) || Number(port) > maxPort) continue
    return port === '' ? found : `${found}:${Number(port)}`
  }
  return ''
}
