/**
 * Guarantees: in the scene of a case, the pattern whose case it is is the surest of all that come with Tapio, among those that name
 * another cause. Cases in which a surer one is right say so by a bound of the score (`score: {max: …}`).
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entityText } from '../correlation/entity.js'
import { evaluate, Report } from './evaluate.js'
import { defaultPatternDir, PatternLibrary } from './library.js'
import { sceneOf } from './run-test.js'
import { subjectsOf } from './subjects.js'

const { library } = PatternLibrary.load([defaultPatternDir])

for (const pattern of library.patterns) {
  for (const asked of pattern.tests) {
    if (asked.expect === 'none' || asked.expect.score?.max !== undefined) continue
    test(`${pattern.id}: ${asked.name}`, () => {
      const scene = sceneOf(asked)
      if (typeof scene === 'string') throw new Error(scene)
      const kinds = library.patterns.flatMap(p => [...p.kinds])
      const found = evaluate(library, scene, [...subjectsOf(scene, kinds)], new Report())
      const own = found.filter(f => f.pattern === pattern.id)
      const surest = Math.max(...own.map(f => f.score))
      const rivals = found.filter(f => f.cause !== pattern.cause && f.score >= surest)
      assert.equal(rivals.map(f => `${f.pattern} (${f.score}) of ${entityText(f.subject)} against ${surest}`), [])
    })
  }
}

test.run()
