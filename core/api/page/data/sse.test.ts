// Scenario: the text of an event stream arrives cut at every place, with each kind of line end.
// Guarantees: the events are those of the standard, whatever the cuts; comments and unknown fields are nothing.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerEventParser, type ServerEvent } from './sse.js'

function read (...pieces: readonly string[]): ServerEvent[] {
  const parser = new ServerEventParser()
  return pieces.flatMap(piece => parser.push(piece))
}

const text = ': hello\nid: 7\ndata: {"a":1}\n\nevent: error\ndata: one\ndata:two\n\nid: 8\n\nunknown: x\ndata\n\n'
const wanted = [{ event: 'message', data: '{"a":1}', id: '7' }, { event: 'error', data: 'one\ntwo', id: '7' }, { event: 'message', data: '', id: '8' }]

test('a stream in one piece', () => { assert.equal(read(text), wanted) })

test('cut at every place, with each line end', () => {
  for (const end of ['\n', '\r\n']) {
    const whole = text.replaceAll('\n', end)
    for (let at = 0; at <= whole.length; at++) assert.equal(read(whole.slice(0, at), whole.slice(at)), wanted, `cut at ${at}`)
    assert.equal(read(...whole), wanted)
  }
})

test('lone carriage returns end lines too', () => { assert.equal(read('data: a\rdata: b\r\rdata: c\r\r', '\n').map(e => e.data), ['a\nb', 'c']) })

test('an event that is not ended is not given', () => { assert.equal(read('data: a\n'), []) })

test('the wish to wait is read, nonsense is not', () => {
  const parser = new ServerEventParser()
  parser.push('retry: 2500\nretry: soon\n')
  assert.is(parser.retryMs, 2500)
})

test('a line without end is refused', () => {
  const parser = new ServerEventParser()
  assert.throws(() => { for (;;) parser.push('x'.repeat(16 * 1024 * 1024)) }, /without end/)
})

test.run()
