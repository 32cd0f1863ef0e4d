/** What a protocol's options are when the configuration names no protocol at all. */
import { Value } from '@sinclair/typebox/value'
import { grpcOptions, httpOptions, type GrpcConfig, type HttpConfig } from './config.js'

export const defaultGrpc = Value.Default(grpcOptions, {}) as GrpcConfig
export const defaultHttp = Value.Default(httpOptions, {}) as HttpConfig
