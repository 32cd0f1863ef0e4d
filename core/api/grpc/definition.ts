/** A service of gen/ as grpc-js wants it: paths and codecs. For servers and clients. */
import { create, fromBinary, toBinary, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'

/** Requests and responses may be given as message or as its init shape. */
export function methodDefinition (method: DescMethod): MethodDefinition<Message, Message> {
  const { input, output } = method
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: message => Buffer.from(toBinary(input, create(input, message))),
    requestDeserialize: bytes => fromBinary(input, bytes),
    responseSerialize: message => Buffer.from(toBinary(output, create(output, message))),
    responseDeserialize: bytes => fromBinary(output, bytes)
  }
}

/** By names with a small first letter, as in the service's implementation. */
export function serviceDefinition (service: DescService): ServiceDefinition {
  return Object.fromEntries(service.methods.map(method => [method.localName, methodDefinition(method)]))
}
