import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { incidents, longIncident } from '../incidents/testing/incidents.js'
import { incidentsJson, incidentsYaml } from './documents.js'
import { hostileIncident, unicodeIncident } from './testing/hard-incidents.js'

const test = suite('documents')
const all = [...incidents, longIncident(64), hostileIncident, unicodeIncident]

test('JSON and YAML read back as what was written', () => {
  assert.equal(JSON.parse(incidentsJson(all)), JSON.parse(JSON.stringify(all)))
  assert.equal(parse(incidentsYaml(all)), JSON.parse(JSON.stringify(all)))
  assert.equal([incidentsJson([]), incidentsYaml([])], ['[]\n', '[]\n'])
})

test('nothing in them acts on a terminal', () => {
  for (const text of [incidentsJson(all), incidentsYaml(all)]) {
    assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/)
  }
})

test.run()
