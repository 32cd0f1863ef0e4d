/** The compiled kernel programs in the repository are what their sources say; on a machine without clang 14 that cannot be told. */
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test('compiling bpf/ again gives the objects in the repository, byte for byte', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['native/build-bpf.mjs', '--check'], { encoding: 'utf8' })
  if (stdout.startsWith('SKIP ')) console.log(stdout.trim())
  assert.is(status, 0, stderr)
  assert.match(stdout, /^(SKIP comparing|bpf\/objects are in step)/)
})

test.run()
