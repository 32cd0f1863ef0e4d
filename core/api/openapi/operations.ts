/** One rpc as an operation: parameters, body, responses, and which scope it needs. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import type { ScopeName } from '../call.js'
import { scopeOf } from '../dispatch.js'
import type { Binding } from '../http/bindings.js'
import { fieldOf, isWellKnown } from '../http/json-request.js'
import { isValue } from '../http/query-request.js'
import { rulesOf } from '../rules.js'
import type { Comments } from './comments.js'
import { described, type Schema, type Schemas } from './schemas.js'

const json = 'application/json'
const lines = 'application/x-ndjson'
const events = 'text/event-stream'

/** Clients know no `{id=**}`: to them it is one variable. */
export function pathOf ({ template }: Binding): string { return template.text.replaceAll('=**}', '}') }

export function operationOf (binding: Binding, schemas: Schemas, comments: Comments): Schema {
  const { method } = binding
  const text = comments.get(`${method.parent.typeName}.${method.name}`) ?? method.name
  const scope = scopeOf(method)
  const parameters = [...pathParameters(binding, schemas), ...binding.body ? [] : queryParameters(binding, schemas), ...resumeParameter(binding)]
  return {
    operationId: `${method.parent.name}_${method.name}`,
    tags: [method.parent.name],
    summary: text.split(/\.(?:\s|$)/, 1)[0],
    description: `${text} Needs scope \`${scope ?? 'none'}\`.`,
    security: securityOf(scope),
    ...parameters.length === 0 ? {} : { parameters },
    ...binding.body ? { requestBody: bodyOf(binding, schemas) } : {},
    responses: { 200: responseOf(binding, schemas), ...problemsOf(binding, scope, schemas) }
  }
}

function pathParameters ({ method: { input }, template }: Binding, schemas: Schemas): Schema[] {
  return template.variables.map(name => {
    const field = fieldOf(input, name) as DescField
    const { description, ...schema } = schemas.field(field)
    const slashes = template.rest === name ? ' Slashes in it may be written as they are or as `%2F`.' : ''
    return { name, in: 'path', required: true, description: `${description as string}${slashes}`, schema }
  })
}

function queryParameters ({ method: { input }, template }: Binding, schemas: Schemas): Schema[] {
  return leavesOf(input, '').filter(({ field, path }) => !(field.parent === input && template.variables.includes(path))).map(({ field, path }) => {
    const { description, ...schema } = schemas.field(field)
    return { name: path, in: 'query', ...described(description as string | undefined), ...rulesOf(field)?.required === true ? { required: true } : {}, schema }
  })
}

/** Fields that a query can give, those of messages within by their paths. */
function leavesOf (message: DescMessage, before: string): { readonly field: DescField, readonly path: string }[] {
  return message.fields.flatMap(field => {
    const path = before + field.jsonName
    if (field.fieldKind === 'message' && !isWellKnown(field.message)) return leavesOf(field.message, `${path}.`)
    return isValue(field) ? [{ field, path }] : []
  })
}

function resumeParameter ({ method }: Binding): Schema[] {
  if (method.methodKind !== 'server_streaming' || fieldOf(method.input, 'resume_token') === undefined) return []
  return [{ name: 'Last-Event-ID', in: 'header', description: 'The `id` of the last event that was read: goes on after it. Wins over `resumeToken`.', schema: { type: 'string' } }]
}

function bodyOf ({ method, template }: Binding, schemas: Schemas): Schema {
  if (method.methodKind === 'bidi_streaming') return { required: true, content: { [lines]: { schema: streamOf(method.input, schemas, 'One JSON document a line, sent as long as the call lasts.') } } }
  const inPath = template.variables
  return { required: true, content: { [json]: { schema: inPath.length === 0 ? schemas.reference(method.input) : schemas.object(method.input, field => !inPath.includes(field.name)) } } }
}

function responseOf ({ method }: Binding, schemas: Schemas): Schema {
  const description = schemas.comments.get(method.output.typeName) ?? 'The answer.'
  if (method.methodKind === 'unary') return { description, content: { [json]: { schema: schemas.reference(method.output) } } }
  const lineStream = { schema: streamOf(method.output, schemas, 'One JSON document a line. A last line `{"error": …}` is a problem.') }
  if (method.methodKind === 'bidi_streaming') return { description, content: { [lines]: lineStream } }
  const id = fieldOf(method.output, 'resume_token') === undefined ? '' : ' Its `id` is the resume token.'
  return { description, content: { [events]: { schema: streamOf(method.output, schemas, `Server-sent events: \`data\` of each is one JSON document.${id} An \`event: error\` is a problem and the last.`) }, [lines]: lineStream } }
}

/** OpenAPI 3.1 has no word of its own for streams: it is text whose pieces have this schema. */
function streamOf (item: DescMessage, schemas: Schemas, description: string): Schema {
  return { type: 'string', description, contentMediaType: json, contentSchema: schemas.reference(item) }
}

function problemsOf ({ method, verb, template }: Binding, scope: ScopeName | undefined, schemas: Schemas): Schema {
  const problem = { $ref: '#/components/responses/Problem' }
  const of = (...statuses: readonly number[]): Schema => Object.fromEntries(statuses.map(status => [status, problem]))
  return {
    ...of(400, 406, 421, 429),
    ...scope === 'public' ? {} : of(401, 403),
    ...template.variables.length > 0 ? of(404) : {},
    ...verb === 'GET' ? {} : of(403, 409, 413, 415),
    // The one answer that comes with a status of trouble.
    ...method.output.name === 'HealthCheckResponse' ? { 503: { description: 'It is not ready.', content: { [json]: { schema: schemas.reference(method.output) } } } } : of(503),
    default: problem
  }
}

/** Where nothing is set up on a loopback endpoint every caller has every scope: the last, empty alternative. */
function securityOf (scope: ScopeName | undefined): readonly Schema[] {
  return scope === 'public' ? [] : [{ token: [scope] }, { certificate: [scope] }, {}]
}
