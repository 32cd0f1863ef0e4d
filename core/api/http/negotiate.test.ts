/** Scenario: Accept and Accept-Encoding as clients send them. Guarantees: the best of what is offered, none against the client's will. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { acceptable, encodingFor } from './negotiate.js'

test('types', () => {
  const offered = ['text/event-stream', 'application/x-ndjson'] as const
  for (const [header, expected] of [
    [undefined, 'text/event-stream'], ['', 'text/event-stream'], ['*/*', 'text/event-stream'], ['text/*', 'text/event-stream'], ['application/x-ndjson', 'application/x-ndjson'],
    ['application/*', 'application/x-ndjson'], ['text/event-stream;q=0.5, application/x-ndjson', 'application/x-ndjson'], ['TEXT/Event-Stream ; charset=x', 'text/event-stream'],
    ['*/*, text/event-stream;q=0', 'application/x-ndjson'], ['*/*;q=0', undefined], ['text/html', undefined], ['text/event-stream;q=x', undefined], [';;,,', 'text/event-stream']
  ] as const) assert.is(acceptable(header, offered), expected, header)
})

test('encodings', () => {
  for (const [header, expected] of [
    [undefined, undefined], ['', undefined], ['gzip', 'gzip'], ['gzip, deflate, br', 'br'], ['br;q=0.1, gzip', 'gzip'], ['*', 'br'], ['*, br;q=0', 'gzip'], ['identity', undefined], ['gzip;q=0', undefined]
  ] as const) assert.is(encodingFor(header, ['br', 'gzip']), expected, header)
})

test.run()
