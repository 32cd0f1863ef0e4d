/**
 * Guarantees: why a pod is not admitted, finds no node, volume or image, or fails its probes is told apart. In the scene of a case, the
 * pattern whose case it is is surer than all that come with Tapio and name another cause. Cases in which a surer one is right say so by a bound of the score (`score: {max: …}`).
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entityText } from '../correlation/entity.js'
import { evaluate, Report } from './evaluate.js'
import { defaultPatternDir, PatternLibrary } from './library.js'
import { sceneOf } from './run-test.js'
import { subjectsOf } from './subjects.js'

const judged = /^(?:admission|scheduling|storage|image|probe)\./
const { library } = PatternLibrary.load([defaultPatternDir])

for (const pattern of library.patterns.filter(p => judged.test(p.id) && p.rank === 'root')) {
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
