/** From options to a gRPC client. Each connection gets a client of its own, with the certificates there are by then. */
import { ChannelCredentials, Client, credentials as grpcCredentials, Metadata } from '@grpc/grpc-js'
import type { Credentials } from '../../core/net/credentials.js'
import { clientOptions } from '../../core/net/tls.js'
import { parseTarget, splitUnix, type Target } from '../../core/net/target.js'
import { messageRoom } from '../../core/wire/service.js'
import type { Config } from './config.js'

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/

/** Where `endpoint` is. Plain text to this machine needs no permission unless something of TLS was asked for. */
export function targetOf ({ endpoint, tls }: Pick<Config, 'endpoint' | 'tls'>): Target {
  const wantsTls = tls.insecure_skip_verify || tls.ca_file !== undefined || tls.cert_file !== undefined || tls.server_name_override !== undefined
  return parseTarget(endpoint, tls.insecure || (!wantsTls && loopback.test(parseTarget(endpoint, true).host)))
}

export function dial (config: Config, credentials: Credentials): Client {
  const { endpoint, keepalive, max_batch_size: maxBytes } = config
  const target = targetOf(config)
  const path = splitUnix(endpoint)
  return new Client(path === undefined ? `dns:${target.authority}` : `unix:${path}`, target.secure ? secured(config, credentials) : grpcCredentials.createInsecure(), {
    'grpc.keepalive_time_ms': keepalive.time,
    'grpc.keepalive_timeout_ms': keepalive.timeout,
    'grpc.max_send_message_length': maxBytes + messageRoom,
    'grpc.max_receive_message_length': maxReceivedBytes,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    // As the other exporters: where to send is said by `endpoint` alone.
    'grpc.enable_http_proxy': 0,
    ...(config.tls.server_name_override === undefined ? {} : { 'grpc.ssl_target_name_override': config.tls.server_name_override, 'grpc.default_authority': config.tls.server_name_override })
  })
}

/** Answers name rejected rows, 4 bytes each; a Welcome those of 64 batches. */
const maxReceivedBytes = 64 * 1024 * 1024

function secured (config: Config, credentials: Credentials): ChannelCredentials {
  const { secureContext } = credentials.tls
  if (secureContext === undefined) throw new Error('tls: no certificates were read')
  return ChannelCredentials.createFromSecureContext(secureContext, { rejectUnauthorized: clientOptions(config.tls).rejectUnauthorized })
}

export function metadataOf (credentials: Credentials): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(credentials.headers)) metadata.set(name, value)
  return metadata
}
