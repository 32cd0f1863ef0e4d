/** Options of the tapio exporter. */
import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { ByteSize, Duration, Options, Section } from '../../core/config/schema.js'
import { clientAuth } from '../../core/net/credentials.js'
import { tlsClient } from '../../core/net/tls.js'
import { maxIdLength } from '../../core/wire/messages.js'

export const schema = Options({
  endpoint: Type.String({ minLength: 1, description: 'The `tapio` receiver of the server: `host:port`, `http(s)://host:port` or `unix:///path`. Without a scheme: plain text to loopback when no option of `tls` is set, TLS everywhere else unless `tls.insecure`.' }),
  collector_id: Type.Optional(Type.String({ minLength: 1, maxLength: maxIdLength, description: 'Who this is, to the server: one name for one instance, the same after a restart. Left out: the host\'s name and this exporter\'s id.' })),
  tls: Section(tlsClient),
  auth: clientAuth,
  max_unacknowledged: Type.Integer({ default: 16, minimum: 1, maximum: 64, description: 'Batches on their way at once; more wait with their sender.' }),
  max_batch_size: ByteSize({ default: '4MiB', minimum: '64KiB', maximum: '256MiB', description: 'Larger batches are cut, also to what the server takes.' }),
  connect_timeout: Duration({ default: '10s', minimum: '1ms', description: 'How long a server may take to let this in.' }),
  keepalive: Section({
    time: Duration({ default: '30s', minimum: '1s', description: 'After so long without a sign of the server it is asked for one (PING).' }),
    timeout: Duration({ default: '20s', minimum: '1ms', description: 'A server that does not answer a PING within this is gone.' })
  }, { description: 'How dead connections are found.' }),
  reconnect: Section({
    initial_interval: Duration({ default: '500ms', minimum: '1ms', description: 'Wait before the second attempt.' }),
    max_interval: Duration({ default: '30s', minimum: '1ms', description: 'Longest wait between two attempts.' }),
    multiplier: Type.Number({ default: 1.5, minimum: 1, description: 'How much longer each wait is than the last.' }),
    randomization_factor: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Share of a wait that is random, so that many collectors do not come back at once.' })
  }, { description: 'The pauses between attempts to reach the server.' }),
  max_elapsed_time: Duration({ default: '0', description: 'Batches go back to their sender (`retry`) when the server was away for this long. 0 = never: they wait here, and senders with them.' })
})

export type Config = Static<typeof schema>

/** What the schema cannot say. */
export function checkConfig ({ endpoint, tls }: Config): ConfigFault[] {
  const faults: ConfigFault[] = []
  if (!/^unix:\/\/\/./.test(endpoint) && !/^(https?:\/\/)?([^/:\s[\]]+|\[[^\]]+\]):\d{1,5}\/?$/.test(endpoint)) faults.push({ path: ['endpoint'], message: `\`endpoint\` "${endpoint}" is not host:port, http(s)://host:port or unix:///path` })
  if ((tls.cert_file === undefined) !== (tls.key_file === undefined)) {
    const [has, lacks] = tls.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file']
    faults.push({ path: ['tls', has], message: `\`tls.${has}\` is of no use without \`tls.${lacks}\`` })
  }
  return faults
}
