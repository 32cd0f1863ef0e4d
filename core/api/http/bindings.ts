/** Which HTTP method and path each rpc has, by its `google.api.http` option. For the server (routes.ts) and the OpenAPI document. */
import { getOption, hasOption, type DescMethod, type DescService } from '@bufbuild/protobuf'
import { http } from '../gen/google/api/annotations_pb.js'
import type { HttpRule } from '../gen/google/api/http_pb.js'
import { parseTemplate, type Template } from './template.js'

export interface Binding {
  readonly method: DescMethod
  /** `GET`. */
  readonly verb: string
  readonly template: Template
  /** Whether the body is the request; otherwise the query is. */
  readonly body: boolean
}

/** Rpcs without the option have no binding. Throws for what is not understood. */
export function bindingsOf (services: readonly DescService[]): readonly Binding[] {
  return services.flatMap(service => service.methods.flatMap(method => {
    if (!hasOption(method, http)) return []
    const rule = getOption(method, http)
    return [rule, ...rule.additionalBindings].map(one => bindingOf(method, one))
  }))
}

function bindingOf (method: DescMethod, { pattern, body }: HttpRule): Binding {
  const name = `${method.parent.typeName}/${method.name}`
  if (pattern.case === undefined || pattern.case === 'custom') throw new Error(`${name}: google.api.http names no method`)
  if (body !== '' && body !== '*') throw new Error(`${name}: google.api.http body "${body}"; only "*" is understood`)
  if (method.methodKind === 'client_streaming') throw new Error(`${name}: a stream of requests with one response has no form in REST here`)
  return { method, verb: pattern.case.toUpperCase(), template: parseTemplate(pattern.value), body: body === '*' }
}
