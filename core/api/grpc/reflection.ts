/** Server reflection, v1 and v1alpha: grpcurl and the like learn the services from the server. */
import { fromBinary, toBinary, type DescFile } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { ReflectionService } from '@grpc/reflection'
import type { ServedService } from '../call.js'
import { file_google_rpc_error_details } from '../gen/google/rpc/error_details_pb.js'
import { file_grpc_health_v1_health } from '../gen/grpc/health/v1/health_pb.js'
import type { LibraryStreams } from './library-streams.js'

/** Beside the services: health, which the library serves without saying so, and what errors are made of. */
const others = [file_grpc_health_v1_health, file_google_rpc_error_details]

export function addReflection (services: readonly ServedService[], streams: LibraryStreams): void {
  const files = new Map<string, Buffer>()
  for (const file of [...services.map(s => s.service.file), ...others]) collect(file, files)
  const reflection = new ReflectionService({ all: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos: [...files.values()] } })
  reflection.addToServer(streams.adder(answer => withOptions(answer, files)))
}

/** With everything it rests on. */
function collect (file: DescFile, files: Map<string, Buffer>): void {
  if (files.has(file.proto.name)) return
  files.set(file.proto.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)))
  for (const dependency of file.dependencies) collect(dependency, files)
}

interface Answer { readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] } | null }

/** The library encodes files anew and loses options it does not know, such as the path of REST: these are the files as they are. */
function withOptions (answer: unknown, files: ReadonlyMap<string, Buffer>): unknown {
  const found = (answer as Answer).fileDescriptorResponse?.fileDescriptorProto
  if (found === undefined) return answer
  const fileDescriptorProto = found.map(bytes => files.get(fromBinary(FileDescriptorProtoSchema, bytes).name) ?? bytes)
  return { ...answer as object, fileDescriptorResponse: { fileDescriptorProto } }
}
