/** Options of the tapio receiver. */
import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { ByteSize, Duration, Endpoint, Options, Section } from '../../core/config/schema.js'
import { serverAuth } from '../../core/net/auth.js'
import { tlsServer } from '../../core/net/tls.js'

export const schema = Options({
  endpoint: Endpoint({ default: 'localhost:9090', description: 'Where to listen: `host:port` or `unix:///path`. Port 0 takes a free port.' }),
  tls: Type.Optional(tlsServer),
  auth: Type.Optional(serverAuth),
  state_file: Type.Optional(Type.String({ minLength: 1, description: 'A file that remembers what each collector has delivered, so that a server that was killed doubles nothing of it. Its directory is made when missing. Left out: remembered in memory only. One receiver a file.' })),
  fsync: Type.Boolean({ default: false, description: 'Force the state file to the disk before each acknowledgement: it then also survives a power cut, and each acknowledgement waits for the disk.' }),
  remembered_events: Type.Integer({ default: 131_072, minimum: 1024, maximum: 4_194_304, description: 'Event ids remembered of each collector, to know again what it sends twice (24 bytes of memory each). A collector keeps at most half as many on their way.' }),
  max_collectors: Type.Integer({ default: 1000, minimum: 1, description: 'Collectors remembered. One more takes the place of the one that has been away longest; when all are connected it is turned away.' }),
  max_batch_size: ByteSize({ default: '4MiB', minimum: '64KiB', maximum: '256MiB', description: 'Largest batch; collectors cut larger ones. Of each collector up to 16 batches wait in memory behind the one being delivered.' }),
  max_connections: Type.Integer({ default: 2000, minimum: 1, description: 'Connections at once. More are closed as they come.' }),
  hello_timeout: Duration({ default: '10s', minimum: '1ms', description: 'How long a connection may take to say who it is.' }),
  keepalive: Section({
    time: Duration({ default: '30s', minimum: '1s', description: 'After so long without a sign of a collector it is asked for one (PING).' }),
    timeout: Duration({ default: '20s', minimum: '1ms', description: 'A collector that does not answer a PING within this is gone.' })
  }, { description: 'How dead connections are found.' })
})

export type Config = Static<typeof schema>

/** What the schema cannot say. */
export function checkConfig ({ auth }: Config): ConfigFault[] {
  if (auth === undefined || auth.bearer_tokens.length > 0 || auth.bearer_token_file !== undefined || Object.keys(auth.basic).length > 0) return []
  return [{ path: ['auth'], message: 'auth without any credential lets nobody in: give `bearer_tokens`, `bearer_token_file` or `basic`, or leave `auth` out' }]
}
