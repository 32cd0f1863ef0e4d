/** Scenario: field masks of requests. Guarantees: named fields stay, all others go, also within lists; a path that the message has not is refused with its name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { IncidentSchema } from '../gen/tapio/v1/incident_pb.js'
import { incidents } from '../../incidents/testing/incidents.js'
import type { Incident } from '../../incidents/incident.js'
import { fieldsOf } from './fields.js'
import { incidentMessage } from './incident.js'

const message = incidentMessage(incidents[0] as Incident)
const picked = (...paths: string[]): object => fieldsOf({ paths }, IncidentSchema).pick(message)

test('named fields stay, all others go', () => {
  assert.equal(picked('id', 'title'), { id: message.id, title: message.title })
  assert.equal(Object.keys(picked('start_time', 'timeToDetection')), ['startTime', 'timeToDetection'])
  assert.equal(picked('impact.level', 'impact.counts.pods'), { impact: { level: 'high', counts: { pods: 2 } } })
})

test('fields of lists are picked of each item', () => {
  const { chain } = picked('chain.sign', 'chain.entity.name') as { chain: object[] }
  assert.is(chain.length, message.chain?.length)
  assert.equal(chain[0], { sign: 'kernel.oom_kill', entity: { name: 'node-7' } })
})

test('a whole field wins over its parts, in any order; no mask, an empty one and a star are all', () => {
  assert.equal(picked('impact', 'impact.level'), { impact: message.impact })
  assert.equal(picked('impact.level', 'impact'), { impact: message.impact })
  assert.is(fieldsOf(undefined, IncidentSchema).pick(message), message)
  assert.is(picked(), message)
  assert.is(picked('*'), message)
})

test('a wrong path is refused with its name', () => {
  const table: [string[], RegExp][] = [
    [['id', 'colour'], /has the path "colour", but Incident has no "colour"; it has id, version, /],
    [['impact.colour'], /has the path "impact\.colour", but Impact has no "colour"/],
    [['title.length'], /title is taken whole/],
    [['start_time.seconds'], /start_time is taken whole/],
    [[''], /has no ""/], [['id.'], /id is taken whole/], [['__proto__'], /has no "__proto__"/], [['constructor'], /has no/],
    [['x'.repeat(300)], /a path of 300 characters/],
    [Array<string>(101).fill('id'), /101 paths/]
  ]
  for (const [paths, words] of table) assert.throws(() => fieldsOf({ paths }, IncidentSchema), (error: Error & { code?: string }) => error.code === 'INVALID_ARGUMENT' && words.test(error.message), String(words))
})

test.run()
