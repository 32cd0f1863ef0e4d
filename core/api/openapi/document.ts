/** The OpenAPI document of the API, from the proto files alone. Written by `npm run gen` to openapi.json, which the server serves. */
import { bindingsOf } from '../http/bindings.js'
import { CollectorService } from '../gen/tapio/v1/collector_service_pb.js'
import { CorrelationService } from '../gen/tapio/v1/correlation_service_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import type { Comments } from './comments.js'
import { operationOf, pathOf } from './operations.js'
import { described, Schemas, type Schema } from './schemas.js'

const services = [TapioService, EventService, CollectorService, CorrelationService]

const about = `What Tapio has seen and understood, over REST. The same methods are served over gRPC (core/api/proto).

JSON is ProtoJSON: names in lowerCamelCase, 64-bit integers as strings, times as RFC 3339, durations as \`3.5s\`; fields with their default value (0, "", false, an empty list) are left out of answers. Query parameters name fields by their path (\`filter.minSeverity\`); lists are given several times. Unknown fields and parameters are an error. A string has at most 4096 characters and a list at most 1000 items unless something else is said.

Streams are server-sent events, or JSON lines when \`accept: application/x-ndjson\` asks for them. Errors are problem details (RFC 9457). Requests that change something need \`content-type: application/json\`; bodies may be compressed (gzip, deflate, zstd).`

const problem: Schema = {
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'The same for the same kind of problem: `urn:tapio:problem:not-found`.' },
    title: { type: 'string', description: 'The kind in words.' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What was found, what was expected, what to do.' },
    instance: { type: 'string', format: 'uri', description: 'Of this very occurrence; the log of Tapio names it when Tapio is at fault.' },
    code: { type: 'string', description: 'The gRPC code.', examples: ['NOT_FOUND'] },
    fields: {
      type: 'array',
      description: 'Wrong fields.',
      items: { type: 'object', required: ['path', 'reason'], properties: { path: { type: 'string', description: 'As the proto files name it: `filter.trace_id`.' }, reason: { type: 'string', description: 'What is wrong.' } }, additionalProperties: false }
    }
  },
  additionalProperties: false
}

export function openApiDocument (comments: Comments): Schema {
  const schemas = new Schemas(comments)
  const paths: Record<string, Record<string, Schema>> = {}
  for (const binding of bindingsOf(services)) (paths[pathOf(binding)] ??= {})[binding.verb.toLowerCase()] = operationOf(binding, schemas, comments)
  const components = [...schemas.components, ['Problem', problem] as const].sort(([a], [b]) => a < b ? -1 : 1)
  return {
    openapi: '3.1.0',
    info: { title: 'Tapio', version: 'v1', description: about, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'This server.' }],
    tags: services.map(service => ({ name: service.name, ...described(comments.get(service.typeName)) })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => a < b ? -1 : 1)),
    components: {
      schemas: Object.fromEntries(components),
      responses: {
        Problem: {
          description: 'It did not work.',
          headers: { 'Retry-After': { description: 'Seconds until it is worth trying again.', schema: { type: 'integer' } } },
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
        }
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of `auth.tokens` with a scope: `read`, `write`, `admin`; each holds those before it.' },
        certificate: { type: 'mutualTLS', description: 'A client certificate whose common name is in `auth.client_certificates`.' }
      }
    }
  }
}

export function openApiText (comments: Comments): string { return `${JSON.stringify(openApiDocument(comments), null, 1)}\n` }
