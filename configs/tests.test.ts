/** Guarantees: the tests of the configurations in this folder pass, as `tapio test configs/tests` runs them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../core/cli/registry.js'
import { runTestFile } from '../core/pipeline-test/run-file.js'

const folder = fileURLToPath(new URL('../../configs/tests/', import.meta.url))

for (const name of readdirSync(folder)) {
  test(name, async () => {
    let printed = ''
    const print = (text: string): void => { printed += text }
    const { faults, results, broken } = await runTestFile(join(folder, name), name, { out: print, err: print, color: false, env: {}, modules: [registryUrl] })
    assert.equal([faults, broken, printed], [[], undefined, ''])
    assert.ok(results.length > 0)
    for (const { passed, name: of, reasons } of results) assert.ok(passed, [of, ...reasons].join('\n'))
  })
}

test.run()
