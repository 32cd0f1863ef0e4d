/** What a gRPC client shows of itself. */
import type { ServerUnaryCall } from '@grpc/grpc-js'
import type { Credentials } from '../access/gate.js'

/** A call of any kind. */
export type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer' | 'getAuthContext' | 'getDeadline'> & { on(event: 'cancelled', listener: () => void): unknown }

/** `mutual`: certificates were asked for and checked when the connection was made. */
export function credentialsOf (call: AnyCall, mutual: boolean): Credentials {
  const [authorization] = call.metadata.get('authorization')
  return {
    authorization: typeof authorization === 'string' ? authorization : undefined,
    certificateName: mutual ? certificateName(call) : undefined,
    address: addressOf(call.getPeer())
  }
}

function certificateName (call: AnyCall): string | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate
  if (certificate === undefined) return undefined
  // A certificate may have several; none is better than the wrong one.
  const name: unknown = (certificate.subject as { readonly CN?: unknown } | undefined)?.CN
  return typeof name === 'string' ? name : ''
}

/** `127.0.0.1:5000` and `::1:5000` without the port, IPv4 in IPv6's clothes as IPv4. A unix socket's peer has no address. */
export function addressOf (peer: string): string {
  if (peer === 'unknown') return 'unix'
  return peer.replace(/:\d+$/, '').replace(/^::ffff:(?=\d+\.)/, '')
}
