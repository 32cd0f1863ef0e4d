/** Options of how a gRPC server keeps and ends connections: the Collector's names. */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Section } from '../../config/schema.js'

const never = '0s'

export const keepalive = Section({
  server_parameters: Section({
    max_connection_idle: Duration({ default: never, description: 'A connection without calls for so long is closed in order. 0: never.' }),
    max_connection_age: Duration({ default: never, description: 'A connection of this age is closed in order, so that clients spread anew over what is behind a load balancer. 0: never.' }),
    max_connection_age_grace: Duration({ default: never, description: 'How long calls may still take on a connection that is too old. 0: as long as they like.' }),
    time: Duration({ default: '2h', description: 'After so long without a sign of the client it is asked for one (PING). 0: never.' }),
    timeout: Duration({ default: '20s', minimum: '1ms', description: 'A client that does not answer a PING within this is gone.' })
  }, { description: 'How connections are kept and ended.' }),
  enforcement_policy: Section({
    min_time: Duration({ default: '10s', description: 'A client that sends PINGs more often than this, three times with no call between, is cut off (`too_many_pings`). 10s is the shortest that grpc-go clients send.' }),
    permit_without_stream: Type.Boolean({ default: true, description: 'Whether a client may send PINGs while it has no call.' })
  }, { description: 'What clients may do to keep a connection.' })
}, { description: 'As in the Collector.' })

export type KeepaliveConfig = Static<typeof keepalive>
