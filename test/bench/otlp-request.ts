/** A trace request as services send it: 8 attributes a span, 6 of the resource, about 380 bytes a span. */
import { randomBytes } from 'node:crypto'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const number = (key: string, value: number): object => ({ key, value: { intValue: value } })

export function traceRequest (count: number): Buffer {
  const spans = Array.from({ length: count }, (_, i) => ({
    traceId: randomBytes(16), spanId: randomBytes(8), parentSpanId: randomBytes(8), name: `GET /cart/{id}/${i % 7}`, kind: 2,
    startTimeUnixNano: '1760000000000000000', endTimeUnixNano: '1760000000012000000', status: { code: i % 10 === 0 ? 2 : 1 },
    attributes: [
      text('http.request.method', 'GET'), text('url.path', `/cart/${i}`), number('http.response.status_code', 200), text('server.address', 'cart.shop.svc'),
      number('server.port', 8080), text('network.protocol.version', '1.1'), text('user_agent.original', 'okhttp/4.12'), number('http.response.body.size', i * 17)
    ]
  }))
  const attributes = [text('service.name', 'cart'), text('service.version', '1.2.3'), text('k8s.namespace.name', 'shop'), text('k8s.pod.name', 'cart-6d5f8-x2x7q'), text('host.name', 'node-3'), text('telemetry.sdk.language', 'java')]
  const type = oracleType(requestType('traces'))
  return Buffer.from(type.encode(type.fromObject({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'io.opentelemetry.http' }, spans }] }] })).finish())
}
