/**
 * Signs in what programs write: log lines, status messages of spans, exceptions. The wordings are those of C libraries, Go, Java,
 * Python, Node, .NET, Rust, of gRPC, and of the proxies and databases that say most of it. What is not named here and was logged as
 * an error is `app.log_error`, unless the line says that all is well.
 */
import { Severity } from '../data/enums.js'
import { detailOf, type Seen, type SignName } from './signs.js'
import { peerIn } from './text-peer.js'

interface Rule {
  readonly sign: SignName
  readonly pattern: RegExp
  /** Whom it is about goes into the detail. */
  readonly hasPeer?: true
  /** What else does: groups of the pattern by their names. */
  readonly detail?: Readonly<Record<string, string>>
}

/** Longer texts say it in their beginning. */
const longest = 2048

const rule = (sign: SignName, pattern: RegExp, more: Pick<Rule, 'hasPeer' | 'detail'> = {}): Rule => ({ sign, pattern, ...more })
const peer = { hasPeer: true } as const

/** In this order: what says more goes before what says less. */
const rules: readonly Rule[] = [
  // Names.
  rule('net.dns_failure', /\blookup (?<host>[\w.-]{1,253}?)\.?(?: on [\w.:[\]-]{1,80})?: (?:no such host|server misbehaving)/, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /\blookup (?<host>[\w.-]{1,253}?)\.?(?: on [\w.:[\]-]{1,80})?: [^]{0,120}?(?:i\/o timeout|timed out|connection refused)/, { detail: { kind: 'timeout' } }),
  rule('net.dns_failure', /\bENOTFOUND (?<host>[\w.-]{1,253})/, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /\bEAI_AGAIN (?<host>[\w.-]{1,253})/, { detail: { kind: 'timeout' } }),
  rule('net.dns_failure', /UnknownHostException: (?<host>[\w.-]{1,253})/, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /(?:could not|couldn't|cannot|failed to|unable to) resolve (?:host(?:name)?|address|name)?[: ]{0,2}["']?(?<host>[\w.-]{1,253})/i, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /(?:could not|unable to) translate host name "(?<host>[\w.-]{1,253})"/i, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /host not found in upstream "(?<host>[\w.-]{1,253})/i, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /(?<host>[\w.-]{1,253}) could not be resolved \(/i, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /\bNXDOMAIN\b|no such host|name or service not known|nodename nor servname|getaddrinfo failed|name resolution failed|no such name|DNS name does not exist/i, { detail: { kind: 'not_found' } }),
  rule('net.dns_failure', /temporary failure in name resolution|\bSERVFAIL\b|DNS (?:lookup|query|resolution)[^]{0,40}(?:timed out|timeout)/i, { detail: { kind: 'timeout' } }),
  // Certificates.
  rule('net.tls_failure', /certificate (?:has|is) expired|certificate expired|CERT_HAS_EXPIRED|CertificateExpiredException|not yet valid|expired certificate/i, { ...peer, detail: { kind: 'expired' } }),
  rule('net.tls_failure', /unknown (?:certificate )?authority|unknown ca\b|self[- ]signed certificate|unable to get local issuer|UNABLE_TO_VERIFY|PKIX path (?:building|validation) failed|certificate verify failed|DEPTH_ZERO_SELF_SIGNED|UnknownIssuer/i, { ...peer, detail: { kind: 'unknown_authority' } }),
  rule('net.tls_failure', /certificate is (?:not )?valid for|doesn't match (?:certificate|either)|hostname mismatch|ERR_TLS_CERT_ALTNAME|No subject alternative|NotValidForName/i, { ...peer, detail: { kind: 'wrong_name' } }),
  rule('net.tls_failure', /(?:TLS|SSL)[- _]?(?:handshake|routines)[^]{0,60}(?:fail|error|timeout|wrong|unexpected)|SSLHandshakeException|x509: |bad certificate|tls: (?:failed|first record|bad|internal|no )|http: server gave HTTP response to HTTPS|SSL_ERROR|SSL_do_handshake\(\) failed/i, { ...peer, detail: { kind: 'handshake' } }),
  // Connections.
  rule('net.connection_refused', /connection refused|ECONNREFUSED|actively refused|refused to connect|refused the connection/i, peer),
  rule('net.connection_unreachable', /no route to host|EHOSTUNREACH|ENETUNREACH|network is unreachable|host is unreachable|destination (?:host|net) unreachable|NoRouteToHost/i, peer),
  rule('net.connection_timeout', /dial (?:tcp|udp)[^]{0,120}(?:i\/o timeout|timed out|deadline exceeded)|connect(?:ion)?(?: to [^]{1,80})? timed? ?out|connect timeout|ConnectTimeout|ETIMEDOUT|connection attempt timed out|TLS handshake timeout|SYN timeout/i, peer),
  rule('net.connection_reset', /connection reset|ECONNRESET|broken pipe|EPIPE\b|forcibly closed|unexpected EOF|server closed (?:the )?(?:idle )?connection|connection (?:was )?closed (?:unexpectedly|by (?:remote|peer|foreign))|premature(?:ly)? (?:close|end)|socket hang up|Lost connection to|server has gone away/i, peer),
  rule('app.connections_exhausted', /too many (?:connections|clients)|remaining connection slots|max(?:imum)? number of clients|(?:connection )?pool[^]{0,40}(?:exhausted|timed? ?out|is full|limit)|QueuePool limit|HikariPool[^]{0,60}not available|no available connection/i, peer),
  rule('net.proxy_error', /no healthy upstream|upstream connect error|no live upstreams|502 Bad Gateway|503 Service (?:Temporarily )?Unavailable|504 Gateway Time-?out|Bad Gateway|no endpoints available|backend (?:is )?(?:down|unavailable)|upstream (?:prematurely|timed out)/i, peer),
  rule('app.timeout', /deadline exceeded|DEADLINE_EXCEEDED|timed[ -]out|(?:i\/o|read|write|request|response|operation|gateway|socket|query|lock wait|statement) time-?out|TimeoutE(?:rror|xception)|ReadTimeout|context deadline/i, peer),
  rule('app.unavailable', /code ?= ?Unavailable|\bUNAVAILABLE\b|service (?:is )?(?:currently )?unavailable|StatusCode\.UNAVAILABLE|circuit ?breaker[^]{0,40}(?:open|tripped)|CallNotPermitted/i, peer),
  rule('app.rate_limited', /too many requests|RESOURCE_EXHAUSTED|rate[- ]limit(?:ed| exceeded|ing)|code ?= ?ResourceExhausted|throttled|quota exceeded/i, peer),
  // Rights.
  rule('app.auth_failed', /(?:authentication|authorization|login|sasl|scram|ldap bind)[^]{0,30}(?:failed|failure|error|denied|unsuccessful)|access denied for user|invalid (?:credentials?|password|user(?:name)?|(?:access |bearer |auth )?token|api[- ]?key|signature|jwt)|WRONGPASS|NOAUTH|unauthenticated|\b401 unauthorized|unauthorized\b|(?:token|jwt) (?:has |is )?expired|wrong password|bad username or password/i, peer),
  rule('app.permission_denied', /permission denied|\bEACCES\b|\bEPERM\b|operation not permitted|PERMISSION_?DENIED|AccessDenied|access (?:is )?denied|\b403 forbidden|is forbidden: User|cannot (?:get|list|watch|create|update|patch|delete) resource|not authorized to|insufficient (?:permission|privilege)/i),
  rule('app.no_space', /no space left|\bENOSPC\b|disk (?:is )?full|disk quota exceeded|not enough (?:disk )?space|low disk (?:space|watermark)|flood[- ]stage/i),
  rule('app.out_of_memory', /OutOfMemory|out of memory|cannot allocate memory|\bENOMEM\b|MemoryError|std::bad_alloc|java heap space|GC overhead limit|OOM command not allowed/i),
  rule('app.too_many_files', /too many open files|\bEMFILE\b|\bENFILE\b/i),
  rule('app.address_in_use', /address (?:is )?already in use|\bEADDRINUSE\b|port \d{1,5} (?:is )?(?:already )?(?:in use|was already)/i),
  rule('app.exec_failed', /exec format error|executable file not found|exec user process caused|command not found|cannot execute binary|no main manifest attribute|Could not find or load main class|ClassNotFoundException|ModuleNotFoundError|Cannot find module|error while loading shared libraries/i),
  rule('app.config_error', /(?:environment variable|env var|variable|setting|property|parameter|option) ["'`]?(?<key>[A-Z][A-Z0-9_]{2,64})["'`]? (?:is |was |has )?(?:not (?:been )?(?:set|defined|found|provided)|missing|required|undefined|empty|unset)/i),
  rule('app.config_error', /(?:missing|required|undefined|unset|no) (?:required )?(?:environment variable|env var|config(?:uration)?(?: key| value)?|setting)s?[: ]{0,2}["'`]?(?<key>[A-Z][A-Z0-9_]{2,64})?/),
  rule('app.config_error', /KeyError: ['"](?<key>[A-Z][A-Z0-9_]{2,64})['"]|Could not resolve placeholder '(?<key2>[\w.-]{1,64})|(?<key3>[A-Z][A-Z0-9_]{2,64}) (?:must be set|is required|is not set|not set)/),
  rule('app.config_error', /(?:invalid|bad|malformed|failed to (?:load|parse|read)|error (?:loading|parsing|reading)|cannot (?:load|parse|read)|unable to (?:load|parse|read)) (?:the )?(?:\w+ )?config|unknown (?:flag|option|directive|argument)|unrecognized (?:option|argument)|\[emerg\]|mutually exclusive|yaml: (?:line|unmarshal)|invalid value for/i),
  rule('app.file_missing', /no such file or directory|\bENOENT\b|FileNotFound|cannot find the (?:file|path)|(?:file|directory) (?:does not exist|not found)/i),
  rule('app.data_missing', /(?:relation|table|database|schema|column|keyspace|collection|index|topic|queue|bucket) ["'`]?(?<name>[\w.-]{1,128})["'`]? (?:does ?n[o']t exist|not found)|Unknown database '(?<name2>[\w.-]{1,128})|NoSuchBucket|UNKNOWN_TOPIC|index_not_found/i),
  // Crashes.
  rule('app.panic', /^panic:|\bpanic(?:ked at|: runtime error)|^fatal error: |goroutine \d+ \[running\]|Traceback \(most recent call last\)|Exception in thread "|[Uu]n(?:handled|caught) (?:\w+ )?(?:exception|error|rejection|promise)|segmentation fault|SIGSEGV|core dumped|Application run failed|java\.lang\.\w*Error\b|assertion failed|FATAL EXCEPTION/)
]

/** Any word of any rule: most lines have none, and are done with after one look. */
const gate = /refus|reset|rout|unreach|time|deadline|resol|host|NXDOMAIN|name|ENOTFOUND|EAI_AGAIN|SERVFAIL|DNS|cert|x509|PKIX|TLS|SSL|pipe|EPIPE|EOF|clos|hang up|gone away|Lost conn|too many|slots|clients|pool|upstream|gateway|unavailable|endpoints|backend|circuit|CallNot|RESOURCE|ResourceEx|rate|throttl|quota|auth|login|sasl|scram|ldap|denied|invalid|WRONGPASS|token|jwt|password|permi|EACCES|EPERM|forbidden|cannot|insufficient|privilege|space|ENOSPC|disk|memory|ENOMEM|bad_alloc|heap|GC over|OOM|EMFILE|ENFILE|in use|port|EADDR|exec|command|manifest|main class|ClassNot|module|shared lib|variable|env|config|KeyError|placeholder|must be|required|not set|unknown|unrecogn|emerg|exclusive|yaml|file|ENOENT|path|exist|NoSuch|index|panic|fatal|goroutine|Traceback|Exception|handled|caught|segm|SIGSEGV|core dump|run failed|Error|assert|ETIMEDOUT|ECONN|premat/i

/** The rules' answer, or undefined when none fits. */
export function knownText (message: string): Seen | undefined {
  const text = message.slice(0, longest)
  if (!gate.test(text)) return undefined
  for (const { pattern, sign, hasPeer, detail } of rules) {
    const found = pattern.exec(text)
    if (found === null) continue
    return { sign, detail: detailOf({ ...detail, ...groupsOf(found.groups), ...(hasPeer === true ? { peer: peerIn(text) } : {}) }) }
  }
  return undefined
}

/** `key2` is another place for `key`. */
function groupsOf (groups: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(groups)) if (value !== undefined) found[name.replace(/\d$/, '')] = value
  return found
}

/** Common log format, and what proxies make of it: the status stands behind the request. */
const access = /"(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT) [^"]{0,1024}" (\d{3})\b/
const structuredStatus = /"?\b(?:status|status_code|statusCode|code|response_code)"?[=: ]{1,2}"?(\d{3})\b/
/** Words that make a line with the word "error" in it one of no trouble. */
const healthy = /\b(?:no|0|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|warnings?|exceptions?)\b|\b(?:errors?|failures?|failed|error_count|exceptions?)"?\s{0,3}[=:]\s{0,3}"?(?:0\b|null\b|nil\b|none\b|false\b|""|\[\])|\bhealthy\b(?!.{0,40}\b(?:upstream|not)\b)|\b(?:succeeded|successfully)\b|error[- ]?(?:handler|page|rate|budget|reporting)[^]{0,20}(?:registered|enabled|loaded|0)/i
const contradiction = /\b(?:but|however|fail(?:ed|ure)|fatal|panic|refused|denied|unable|cannot|could not)\b/i

/** `severity`: what the line claims, 0 = nothing. */
export function textSign (message: string, severity: number): Seen | undefined {
  if (message === '') return undefined
  const text = message.slice(0, longest)
  const status = statusIn(text)
  if (status >= 500) return { sign: 'app.http_5xx', detail: { status }, severity: Math.max(severity, Severity.error) }
  if (status > 0 && status < 500 && access.test(text)) return undefined
  const isHealthy = healthy.test(text) && !contradiction.test(text.replace(healthy, ''))
  if (isHealthy) return undefined
  const known = knownText(text)
  if (known !== undefined) return { ...known, severity: Math.max(severity, Severity.warning) }
  return severity >= Severity.error ? { sign: 'app.log_error', detail: {} } : undefined
}

/** The HTTP status of a line that tells of a request; 0 when there is none. */
function statusIn (text: string): number {
  const inAccess = access.exec(text)
  if (inAccess !== null) return Number(inAccess[1])
  if (!/\b(?:GET|POST|PUT|DELETE|HEAD|PATCH|request|http)\b/i.test(text)) return 0
  const status = Number(structuredStatus.exec(text)?.[1] ?? 0)
  return status >= 500 && status < 600 ? status : 0
}
