/** Guarantees: words print what README says and never throw; what a command is given cannot leave its place in the shell's grammar. */
import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Expressions } from './expression.js'
import { compileWords, say, sayCommand, type Words } from './words.js'

const expressions = new Expressions(['v', 'w'])
const compile = (text: string): Words => {
  const compiled = compileWords(text, expressions)
  if (!('parts' in compiled)) throw new Error(compiled[0]?.message ?? 'faults')
  return compiled
}
const said = (text: string, context: object): string => say(compile(text), context, () => undefined)

for (const [text, v, expected] of [
  ['{{v}}', 'x', 'x'], ['a {{v}} b', 3, 'a 3 b'], ['{{v}}', 3n, '3'], ['{{v}}', 0.1 + 0.2, '0.3'], ['{{v}}', ['a', 1, true], 'a, 1, true'], ['{{v}}', null, '?'], ['{{v.a}}', {}, '?'],
  ['{{v}}', { a: 'x', b: 2 }, 'a=x, b=2'], ['{{v}}', { kind: 'Pod', metadata: { namespace: 'n', name: 'p' } }, 'Pod n/p'], ['{{v}}', { kind: 'Node', name: 'n1', namespace: '' }, 'Node n1'],
  ['{{ {"a": v}.a }}', 'x', 'x'], ['{{"}}" + v}}', 'x', '}}x'], ['{{v}}{{v}}', 'x', 'xx'], ['no', 'x', 'no'], ['{{v}}', 'a\u001b[31m\nb', 'a\ufffd[31m\ufffdb'],
  ['{{v}}', Array.from({ length: 13 }, (_, i) => i), '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more'], ['{{v}}', NaN, '?'], ['{{v}}', undefined, '?']
] as const) {
  test(`${text} with ${JSON.stringify(typeof v === 'bigint' ? String(v) : v)}`, () => { assert.is(said(text, { v }), expected) })
}

test('every failure is told', () => {
  const told: string[] = []
  assert.is(say(compile('{{v.x}} {{v.y}}'), { v: {} }, message => told.push(message)), '? ?')
  assert.equal(told, ['No such key: x', 'No such key: y'])
})

for (const [text, start] of [['a {{v', 2], ['{{v} }', 0], ['{{}}', 2], ['x {{v +}}', 7], ['{{nobody}}', 2]] as const) {
  test(`\`${text}\` has a fault at ${start}`, () => {
    const compiled = compileWords(text, expressions)
    assert.not.ok('parts' in compiled)
    if ('parts' in compiled) return
    assert.is(compiled[0]?.start, start)
  })
}

const hostile = ['plain', 'two words', `it's`, '$(id)', '`id`', '"; id; "', `'; id; '`, 'a\nb', '\\', '$HOME', '*', '', '!x', `'"$\`\\`]

for (const template of ['printf %s {{v}}', `printf %s '{{v}}'`, 'printf %s "{{v}}"', `printf %s '{"a":"{{v}}"}'`, 'printf %s "it\\"s" \'b\' {{v}}']) {
  test(`a shell sees one argument: ${template}`, () => {
    for (const v of hostile) {
      const command = sayCommand(compile(template), { v }, () => undefined)
      const out = execFileSync('sh', ['-c', command]).toString()
      const expected = v.replace('\n', '\ufffd')
      assert.ok(out.endsWith(template.includes('{"a"') ? `{"a":"${expected}"}` : expected), `${command} printed ${out}`)
      assert.not.match(out, 'uid=')
    }
  })
}

test('words and commands are bounded', () => {
  assert.ok(said('{{v}}'.repeat(100), { v: 'x'.repeat(10_000) }).length <= 4000)
  assert.ok(said('{{v}}', { v: [['x'.repeat(400)], ['y'.repeat(400)]] }).length <= 500)
})

test.run()
