/**
 * Scenario: a stranger's path: an empty folder, Tapio, `tapio plugin new`, an edit with its test first, a pipeline with the official SDK in
 * front of it, an edit while it runs, the package as npm publishes it, used by its name elsewhere.
 * Guarantees: each command does what the README says and ends as it should; what the plugin drops is dropped and nothing else, before and
 * after the edit, over the same process; what is published is the sources without tests.
 *
 * Short: JavaScript, with Tapio as a link. Long: TypeScript, with the tarball of `npm pack` installed by npm, and its types checked.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { stranger, type StrangerOptions, type StrangerReport } from './stranger.js'

const test = suite('a stranger\'s path')
// dist/test/plugin-path -> the repository
const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

async function walk (options: Pick<StrangerOptions, 'language' | 'tarball'>): Promise<StrangerReport> {
  let transcript = ''
  try {
    return await stranger({ ...options, repository, print: text => { transcript += text } })
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n--- transcript\n${transcript}`)
  }
}

function check (report: StrangerReport, extension: string): void {
  assert.equal(report.before, ['/cart', '/orders'])
  assert.equal(report.after, ['/orders'])
  assert.match(report.tests, /the package is well; contract: 18 passed, 0 failed; its own tests: passed/)
  assert.equal(report.published, ['README.md', 'package.json', `src/index.${extension}`])
  assert.match(report.components, 'tapio-plugin-quiet 0.1.0')
  assert.is(report.exit, 0)
  console.log(`REPORT ${report.steps.length} steps, ${report.minutes.toFixed(2)} minutes of machine time`)
}

test('JavaScript, with Tapio as a link', async () => {
  check(await walk({ language: 'javascript' }), 'js')
})

if (process.env['TAPIO_TEST_LONG'] === '1') {
  test('TypeScript, with the packed tarball', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tapio-tarball-'))
    try {
      // What is built is what is tested: packing builds it again, the same.
      const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: repository, encoding: 'utf8' }).trim().split('\n').at(-1) as string
      check(await walk({ language: 'typescript', tarball: join(folder, packed) }), 'ts')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

test.run()
