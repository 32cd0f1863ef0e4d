import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { wantsColor } from './io.js'

const test = suite('colours')

const cases: readonly (readonly [env: Readonly<Record<string, string>>, isTerminal: boolean, wanted: boolean])[] = [
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '' }, false, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false]
]
for (const [env, isTerminal, wanted] of cases) test(`${JSON.stringify(env)} ${isTerminal ? 'on a terminal' : 'in a pipe'}`, () => { assert.is(wantsColor(env, isTerminal), wanted) })

test.run()
