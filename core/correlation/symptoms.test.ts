/** Guarantees: more of the same is news at its first repetitions, and no more in a flood. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Symptoms, type Sighting } from './symptoms.js'

const sighting = (timeMs: number): Sighting => ({
  sign: 'app.timeout', layer: 'app', role: 'trouble', entity: { kind: 'Pod', namespace: 'shop', name: 'web-0' }, detail: {}, severity: 17, timeMs, confidence: 1,
  evidence: { eventId: '', source: 'test', name: 'log', message: 'request timed out' }
})

test('repetitions are news when their number may be a reason', () => {
  const symptoms = new Symptoms()
  const news: number[] = []
  for (let n = 1; n <= 500; n++) {
    const { version } = symptoms
    symptoms.see(sighting(n * 1000))
    if (symptoms.changedSince(version).length > 0) news.push(n)
  }
  assert.equal(news, [1, 2, 3, 5, 10, 20, 50])
})

test('an event that stands for many is news once', () => {
  const symptoms = new Symptoms()
  symptoms.see(sighting(1000))
  const { version } = symptoms
  symptoms.see({ ...sighting(2000), count: 400 })
  symptoms.see(sighting(3000))
  assert.is(symptoms.changedSince(version).length, 1)
})

test.run()
