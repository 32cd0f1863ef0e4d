/** Extensions and connectors of the Collector. There are no extensions here: what they do is an option of what uses them. */
import { builtInExtensions } from '../../config/collector-extensions.js'
import { plain, put, valueAt } from '../document.js'
import { conditionsOf, Untranslatable } from '../ottl/conditions.js'
import { named, without, type Fate, type Part, type Rules } from './rule.js'
import { isRecord, listOf, textOf } from './values.js'

export const extensionRules: Rules = {
  ...Object.fromEntries(Object.entries(builtInExtensions).map(([type, help]) => [type, { text: 'not needed', help, kind: type === 'memory_ballast' ? 'translated' : 'changed' }])),
  ...named(['file_storage'], { text: 'becomes the `directory` of the queues that name it', kind: 'translated' }),
  ...named(['bearertokenauth', 'headers_setter'], { text: 'becomes credentials of what names it', kind: 'translated' }),
  ...without(['basicauth', 'oauth2client', 'sigv4auth', 'googleclientauth', 'azureauth', 'oidc', 'asapclient'], 'no such authenticator', 'for servers `auth: {basic: …}` and bearer tokens; for clients a token in `headers` or `auth.bearer_token_file`'),
  ...without(['opamp', 'http_forwarder', 'remotetap', 'jaegerremotesampling', 'jaeger_storage', 'jaeger_query', 'remote_sampling'], 'nothing does it', 'keep a Collector for it')
}

export const unknownExtension = { why: 'there are no extensions', help: 'see whether something that names it has an option for it' }

/** Entries are tried in order, and a row follows the first that fits, as in the Collector. */
function translateRouting (part: Part): Fate {
  const table = listOf(valueAt(part.options, 'table')).filter(isRecord)
  if (table.length > 0 && table.every(entry => entry['when'] !== undefined)) return undefined
  const entries: Record<string, unknown>[] = []
  for (const [i, entry] of table.entries()) {
    const pipelines = listOf(entry['pipelines']).map(String)
    const written = textOf(entry['condition']) ?? /^\s*route\(\)\s*where\s+([\s\S]+)$/.exec(textOf(entry['statement']) ?? '')?.[1]
    const context = textOf(entry['context']) ?? 'resource'
    if (written === undefined) return { why: `\`table[${i}]\` has no condition that can be read`, help: 'write `when`: see processors/routing/README.md' }
    try {
      entries.push({ when: conditionsOf(written, context), pipelines })
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error
      return { why: `\`table[${i}]\`: ${error.message}`, help: 'write `when` with the fields there are: see processors/routing/README.md' }
    }
  }
  const fallback = plain(part.options.get('default_pipelines', true))
  part.options.items = []
  put(part.options, 'table', entries)
  if (fallback !== undefined) put(part.options, 'default_pipelines', fallback)
  part.note('translated', ['table'], 'conditions in OTTL became `when`')
  return undefined
}

export const connectorRules: Rules = {
  forward: { to: 'forward', text: '`forward`' },
  routing: { to: 'routing', text: '`routing`, for conditions that can be said without OTTL', translate: translateRouting },
  ...without(['spanmetrics', 'span_metrics', 'servicegraph', 'service_graph', 'count', 'sum', 'exceptions', 'signaltometrics', 'datadog', 'grafanacloud', 'metricsaslogs'], 'nothing makes metrics of traces or logs', 'keep a Collector for it, fed over OTLP; backends such as Tempo and Jaeger can make them, too'),
  ...without(['failover'], 'no connector for it', '`otlp: {endpoints: […], failover: true}` sends elsewhere what cannot be delivered'),
  ...without(['roundrobin', 'round_robin'], 'no connector for it', '`otlp: {endpoints: […], routing_key: none}` shares requests out in turn')
}

export const unknownConnector = { why: 'no connector of this kind', help: 'keep a Collector for it, fed over OTLP' }
