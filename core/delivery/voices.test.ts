/**
 * Scenario: two layers of a component report their states in any order.
 * Guarantees: the worst of the last words of all is told, with the reasons of all who say it; `ok` only when nobody says worse.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Voices } from './voices.js'

function setup (): { readonly voices: Voices, readonly told: string[] } {
  const told: string[] = []
  return {
    told,
    voices: new Voices({
      ok: () => { told.push('ok') }, degraded: reason => { told.push(`degraded: ${reason}`) },
      recoverableError: reason => { told.push(`error: ${reason}`) }, permanentError: reason => { told.push(`for good: ${reason}`) }
    })
  }
}

test('a layer that works does not speak for one that fails', () => {
  const { voices, told } = setup()
  const [exporter, queue] = [voices.voice(), voices.voice()]
  exporter.recoverableError('no connection')
  queue.ok()
  queue.degraded('is filling')
  exporter.ok()
  queue.ok()
  assert.equal(told, ['error: no connection', 'error: no connection', 'error: no connection', 'degraded: is filling', 'ok'])
})

test('two who fail are both heard; who has said nothing is not waited for', () => {
  const { voices, told } = setup()
  const [a, b] = [voices.voice(), voices.voice()]
  voices.voice()
  a.recoverableError('full disk')
  b.recoverableError('no connection')
  b.permanentError('wrong key')
  a.ok()
  assert.equal(told, ['error: full disk', 'error: full disk; no connection', 'for good: wrong key', 'for good: wrong key'])
})

test.run()
