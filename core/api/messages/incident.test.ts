/** Scenario: incidents written by hand, hard ones, and random ones. Guarantees: as messages, in bytes and as JSON, and back they say the same, times to the bit; odd numbers cost no answer. */
import { create, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { linkKinds, type Link } from '../../correlation/link.js'
import { seeded, type Random } from '../../data/testing/random.js'
import type { Incident } from '../../incidents/incident.js'
import { incidents, longIncident, nodeIncident } from '../../incidents/testing/incidents.js'
import { randomEntity, randomIncident } from '../../store/testing/random-incident.js'
import { hostileIncident, unicodeIncident } from '../../story/testing/hard-incidents.js'
import { CorrelationSchema, IncidentSchema } from '../gen/tapio/v1/incident_pb.js'
import { incidentMessage, incidentOf } from './incident.js'
import { linkMessage, linkOf } from './link.js'

const test = suite('api messages: incidents')

const throughBytes = (incident: Incident): Incident | undefined => incidentOf(fromBinary(IncidentSchema, toBinary(IncidentSchema, create(IncidentSchema, incidentMessage(incident)))))
const throughJson = (incident: Incident): Incident | undefined => incidentOf(fromJson(IncidentSchema, JSON.parse(JSON.stringify(toJson(IncidentSchema, create(IncidentSchema, incidentMessage(incident)))))))

/** UTF-8 has no halves of characters. */
function wellFormed (incident: Incident): Incident { return JSON.parse(JSON.stringify(incident), (_, value: unknown) => typeof value === 'string' ? Buffer.from(value).toString() : value) as Incident }

/** Times with the fractions that doubles of today can have, and everything that may be there or not. */
function varied (random: Random): Incident {
  const incident = randomIncident(random)
  const startMs = Date.UTC(2020, 0, 1) + random.word() + random.below(4096) / 4096
  const entity = { ...randomEntity(random), ...(random.chance(0.5) && { uid: 'u' }) }
  return {
    ...incident, startMs, detectedMs: startMs + random.below(1e6) / 7, updatedMs: startMs + random.word() / 3, timeToDetectionMs: random.chance(0.1) ? -random.below(1e6) / 8 : random.word() / 16,
    ...(random.chance(0.3) && { mergedInto: '0123456789abcdef' }), related: random.chance(0.5) ? [] : ['a', 'b'], notes: random.chance(0.5) ? [] : ['a note'], omitted: random.below(9),
    impact: { ...incident.impact, slo: [{ service: 's', objective: 'latency', target: 0.99, observed: random.word() / 3, burnRate: 1.25, windowMs: 3_600_000 }] },
    actions: [{ urgency: 'immediate', text: 'do', risk: 'none', ...(random.chance(0.5) && { command: 'kubectl get pods' }), ...(random.chance(0.5) && { expect: 'all run' }) }],
    hypotheses: incident.hypotheses.map(h => ({ ...h, subject: entity, for: [{ text: 'f', weight: 0.25, ...(random.chance(0.5) && { symptoms: ['a'] }) }], against: [{ text: 'a', weight: -0.5 }] })),
    chain: incident.chain.map((s, i) => ({
      ...s, entity, causes: i === 0 ? [] : [{ step: i - 1, confidence: random.word() / 2 ** 32, kind: 'placement', why: 'w' }],
      evidence: [{ eventId: '', timeMs: startMs, source: 's', name: 'n', message: 'm', count: random.below(1000), ...(random.chance(0.5) && { traceId: '1'.repeat(32), spanId: '2'.repeat(16), parentSpanId: '3'.repeat(16) }) }]
    }))
  }
}

test('incidents written by hand and hard ones come back', () => {
  const resolved: Incident = { ...(incidents[0] as Incident), status: 'resolved', resolvedMs: 0, mergedInto: 'f00dfeed00000001' }
  for (const incident of [...incidents, longIncident(64, 12), nodeIncident(40), hostileIncident, unicodeIncident, resolved]) {
    assert.equal(throughBytes(incident), wellFormed(incident), incident.title)
    assert.equal(throughJson(wellFormed(incident)), wellFormed(incident), incident.title)
  }
})

test('random ones come back', () => {
  const random = seeded(71)
  for (let i = 0; i < 500; i++) {
    const incident = varied(random)
    assert.equal(throughBytes(incident), incident, `round ${i}`)
    if (i < 100) assert.equal(throughJson(incident), incident, `round ${i}`)
  }
})

test('numbers that no field can hold leave the rest of the document readable', () => {
  const [first] = incidents as [Incident]
  const odd = { ...first, version: -1.5, omitted: 1e20, events: -3, startMs: 1e300, detectedMs: NaN, updatedMs: Infinity, timeToDetectionMs: 1e300, chain: first.chain.map(s => ({ ...s, timeMs: -1e18, count: NaN, severity: 1e12 })) }
  const message = create(IncidentSchema, incidentMessage(odd))
  const json = toJson(IncidentSchema, fromBinary(IncidentSchema, toBinary(IncidentSchema, message)))
  assert.is(json.title, first.title)
  assert.is(json.omitted, 0xffffffff)
  assert.is(json.startTime, undefined)
  assert.is(json.chain?.[0]?.time, undefined)
})

test('a message that lacks fields, or says what no Tapio says, is no document', () => {
  assert.is(incidentOf(create(IncidentSchema)), undefined)
  const message = create(IncidentSchema, incidentMessage(incidents[0] as Incident))
  assert.is(incidentOf({ ...message, status: 'gone' }), undefined)
  assert.is(incidentOf({ ...message, startTime: undefined }), undefined)
})

test('links come back', () => {
  const random = seeded(5)
  for (let i = 0; i < 100; i++) {
    const link: Link = {
      id: `l${i}`, cause: '1'.repeat(32), effect: '2'.repeat(32), kind: random.pick(linkKinds), by: 'k8s_correlation', confidence: random.word() / 2 ** 32, lagMs: (random.below(2e6) - 1e6) / 8,
      path: [randomEntity(random), randomEntity(random)], why: 'because', events: ['3'.repeat(32)]
    }
    assert.equal(linkOf(fromBinary(CorrelationSchema, toBinary(CorrelationSchema, create(CorrelationSchema, linkMessage(link))))), link)
  }
})

test.run()
