import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { RecordingLogger, silentLogger } from '../testing/services.js'
import { Authenticator, serverAuth, type ServerAuthConfig } from './auth.js'

const config = (value: object): ServerAuthConfig => Value.Default(serverAuth, value) as ServerAuthConfig
const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

test('only the right tokens and passwords are let in', () => {
  const auth = new Authenticator(config({ bearer_tokens: ['s3cret', 'other'], basic: { ann: 'pw:with:colons' } }), new FakeClock(), silentLogger)
  for (const good of ['Bearer s3cret', 'bearer s3cret', 'BEARER  other', basic('ann', 'pw:with:colons'), basic('ann', 'pw:with:colons').replace('Basic', 'basic')]) {
    assert.ok(auth.allows(good), good)
  }
  for (const bad of [undefined, '', 'Bearer', 'Bearer ', 'Bearer s3cre', 'Bearer s3cret2', 's3cret', basic('ann', 'pw'), basic('bob', 'pw:with:colons'), 'Basic s3cret', 'Bearer s3cret other', '__proto__ s3cret']) {
    assert.not.ok(auth.allows(bad), bad)
  }
  auth.close()
})

test('nobody is let in when nothing is configured', () => {
  const auth = new Authenticator(config({}), new FakeClock(), silentLogger)
  for (const any of [undefined, 'Bearer ', 'Bearer undefined', basic('', '')]) assert.not.ok(auth.allows(any))
})

test('a token file is read again when it changes, and kept when it is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-auth-'))
  const path = join(folder, 'tokens')
  writeFileSync(path, '# tokens\none\n\n two \n')
  const clock = new FakeClock()
  const logger = new RecordingLogger()
  const auth = new Authenticator(config({ bearer_token_file: path, reload_interval: 1000 }), clock, logger)
  assert.equal(['one', 'two', '', '# tokens'].map(token => auth.allows(`Bearer ${token}`)), [true, true, false, false])
  writeFileSync(path, 'three\n')
  await clock.advance(1000)
  assert.equal(['one', 'three'].map(token => auth.allows(`Bearer ${token}`)), [false, true])
  rmSync(path)
  await clock.advance(1000)
  assert.ok(auth.allows('Bearer three'))
  await clock.advance(1000)
  assert.is(logger.lines.filter(line => JSON.stringify(line).includes('cannot be used')).length, 1, 'told once')
  assert.not.match(JSON.stringify(logger.lines), /three"/)
  auth.close()
  rmSync(folder, { recursive: true })
  assert.throws(() => new Authenticator(config({ bearer_token_file: path }), clock, logger), /bearer_token_file ".*tokens" cannot be read: ENOENT/)
})

test.run()
