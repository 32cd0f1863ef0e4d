/** What the proto files say about their messages, fields and methods: generated code has it for people only, a compiled image for programs. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema, type DescriptorProto, type FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** By full name: `tapio.v1.Event`, `tapio.v1.Event.id`, `tapio.v1.EventService.GetEvents`. */
export type Comments = ReadonlyMap<string, string>

/** Compiles the proto files of the checkout at `root` with buf. Throws with its words when they do not compile. */
export function readComments (root: string): Comments {
  const image = execFileSync(join(root, 'node_modules', '.bin', 'buf'), ['build', '-o', '-#format=binpb'], { cwd: join(root, 'core', 'api', 'proto'), maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] })
  return commentsOf(image)
}

/** `image`: a FileDescriptorSet with source info. */
export function commentsOf (image: Uint8Array): Comments {
  return new Map(fromBinary(FileDescriptorSetSchema, image).file.flatMap(file => {
    const names = namesOf(file)
    return (file.sourceCodeInfo?.location ?? []).flatMap(({ path, leadingComments }) => {
      const name = names.get(path.join('.'))
      return name === undefined || leadingComments === '' ? [] : [[name, plain(leadingComments)] as const]
    })
  }))
}

/** Numbers of the fields of FileDescriptorProto, DescriptorProto, ServiceDescriptorProto that lead to what has a name. */
const within = { messages: 4, services: 6, fields: 2, nested: 3, methods: 2 } as const

function namesOf (file: FileDescriptorProto): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  file.messageType.forEach((message, i) => addMessage(names, message, `${file.package}.${message.name}`, `${within.messages}.${i}`))
  file.service.forEach((service, i) => {
    const name = `${file.package}.${service.name}`
    names.set(`${within.services}.${i}`, name)
    service.method.forEach((method, j) => names.set(`${within.services}.${i}.${within.methods}.${j}`, `${name}.${method.name}`))
  })
  return names
}

function addMessage (names: Map<string, string>, message: DescriptorProto, name: string, path: string): void {
  names.set(path, name)
  message.field.forEach((field, i) => names.set(`${path}.${within.fields}.${i}`, `${name}.${field.name}`))
  message.nestedType.forEach((nested, i) => addMessage(names, nested, `${name}.${nested.name}`, `${path}.${within.nested}.${i}`))
}

const plain = (comment: string): string => comment.split('\n').map(line => line.trim()).join(' ').trim()
