// Scenario: graphs of boxes and arrows are placed, and arrow keys walk over them.
// Guarantees: the same graph has the same picture, boxes do not cover each other, causes stand above effects; a key leads to the
// nearest box ahead, and to none where none is.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { arrowHead, curve, placed, towards, type Arrow, type Box } from './graph-layout.js'

const box = (id: string): Box => ({ id, width: 100, height: 40 })
const arrow = (from: string, to: string): Arrow => ({ id: `${from}-${to}`, from, to })
const boxes = ['a', 'b', 'c', 'd', 'e'].map(box)
const arrows = [arrow('a', 'b'), arrow('a', 'c'), arrow('b', 'd'), arrow('c', 'd'), arrow('x', 'a')]

test('causes stand above their effects, and no box covers another', () => {
  const { boxes: at } = placed(boxes, arrows, 'TB')
  for (const { from, to } of arrows) if (from !== 'x') assert.ok((at.get(from)?.y ?? 0) < (at.get(to)?.y ?? 0), `${from} above ${to}`)
  const all = [...at.values()]
  for (const [i, p] of all.entries()) for (const q of all.slice(i + 1)) assert.ok(Math.abs(p.x - q.x) >= 100 || Math.abs(p.y - q.y) >= 40)
})

test('the same graph has the same picture; an arrow from nowhere is left out', () => {
  assert.equal(placed(boxes, arrows, 'LR'), placed(boxes, arrows, 'LR'))
  assert.equal([...placed(boxes, arrows, 'TB').arrows.keys()].sort(), ['a-b', 'a-c', 'b-d', 'c-d'])
})

test('circles are drawn too', () => { assert.is(placed([box('a'), box('b')], [arrow('a', 'b'), arrow('b', 'a')], 'TB').arrows.size, 2) })

test('arrow keys lead to the nearest box ahead', () => {
  const at = new Map([['a', { x: 0, y: 0 }], ['b', { x: 10, y: 100 }], ['c', { x: 200, y: 100 }], ['d', { x: 0, y: 300 }]])
  assert.is(towards(at, 'a', 'ArrowDown'), 'b')
  assert.is(towards(at, 'b', 'ArrowRight'), 'c')
  assert.is(towards(at, 'd', 'ArrowUp'), 'b')
  assert.is(towards(at, 'a', 'ArrowUp'), undefined)
  assert.is(towards(at, 'a', 'Enter'), undefined)
})

test('lines of no, one and many points', () => {
  assert.is(curve([]), '')
  assert.is(curve([{ x: 1, y: 2 }]), 'M1,2')
  assert.match(curve([{ x: 0, y: 0 }, { x: 5, y: 5 }, { x: 9, y: 9 }]), /^M0,0 Q5,5 7,7 L9,9$/)
  assert.is(arrowHead([{ x: 1, y: 2 }]), '')
})

test.run()
