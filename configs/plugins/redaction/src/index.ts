/** A Tapio plugin: takes secrets out of what passes. */
import { definePlugin, defineComponent, Enum, Options, Secret, Type, type ConfigFault, type MetricDeclaration, type Static } from 'tapio/plugin'
import { Redactor } from './redactor.js'
import { rules } from './rules.js'

const names = Object.keys(rules)

const schema = Options({
  keys: Type.Array(Type.String({ minLength: 1 }), { default: ['authorization', 'cookie', 'password', 'http.request.header.authorization', 'http.request.header.cookie'], maxItems: 200, description: 'Attributes, of rows and of their resources, whose whole value is secret.' }),
  patterns: Type.Array(Enum(names), { default: names.filter(n => n !== 'ip'), description: 'What is looked for in texts: attribute values, log bodies, names, status messages, span events and links, data points, resources.' }),
  action: Enum(['mask', 'hash', 'remove'], { default: 'mask', description: 'What becomes of the values of `keys`: `****`, the first 16 digits of their HMAC-SHA256 (equal ones stay equal), or nothing. What a pattern finds becomes as many asterisks.' }),
  hash_key: Type.Optional(Secret({ description: 'Key of the hash. Needed for `action: hash`: without one anybody can try out all card numbers.' }))
})

export type RedactionConfig = Static<typeof schema>

const redacted: MetricDeclaration = { name: 'redaction_redacted', kind: 'counter', unit: '', attributes: ['rule'], description: 'Secrets that were taken out, by rule; `key` for those found by the name of their attribute.' }

export const redaction = defineComponent({
  kind: 'processor',
  type: 'redaction',
  description: 'Takes out secrets: card numbers, e-mail addresses, tokens, IP addresses, attributes by name.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'events'],
  concurrency: 'stateless',
  schema,
  metrics: [redacted],
  drops: {},
  check: config => faults(config as RedactionConfig),
  create: services => new Redactor({
    config: services.get('config') as RedactionConfig,
    next: services.get('next'),
    redacted: (rule, times) => { services.get('meter').counter(redacted, { rule }).add(times) }
  })
})

function faults ({ action, hash_key: key = '' }: RedactionConfig): ConfigFault[] {
  return action === 'hash' && key.length < 16 ? [{ path: ['hash_key'], message: `\`action: hash\` needs a key of at least 16 characters, found ${key.length}` }] : []
}

export default definePlugin({
  name: 'tapio-plugin-redaction', version: '0.1.0', tapio: '^0.1.0', description: 'Takes secrets out of traces, logs and events.', components: [redaction]
})
