/** The test files of a plugin: bundled as Tapio bundles plugins, so that TypeScript and `tapio/testing` are there, and run by Node's own runner. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePlugin } from '../bundle.js'

const testFile = /\.test\.(ts|mts|js|mjs)$/
/** Not the plugin's own text. */
const skipped = new Set(['node_modules', 'dist', 'build', 'coverage'])
/** Of a plugin, not of a whole disk. */
const maxFiles = 500
const maxDepth = 8

/** Absolute paths, in order. */
export function testFilesIn (folder: string): string[] {
  const found: string[] = []
  const look = (at: string, depth: number): void => {
    if (depth > maxDepth) return
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length >= maxFiles) return
      if (entry.isDirectory() && !skipped.has(entry.name) && !entry.name.startsWith('.')) look(join(at, entry.name), depth + 1)
      else if (entry.isFile() && testFile.test(entry.name)) found.push(join(at, entry.name))
    }
  }
  look(folder, 0)
  return found
}

/** Whether all passed. Their working folder is the plugin's. Throws PluginFault when a file cannot be built. */
export async function runTestFiles (folder: string, files: readonly string[], { printed, color }: { printed (text: string): void, readonly color: boolean }): Promise<boolean> {
  const bundles: string[] = []
  for (const file of files) bundles.push(fileURLToPath((await bundlePlugin({ shown: relative(folder, file), entry: file, folder })).url))
  const child = spawn(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=spec', ...bundles], {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'],
    // A test that runs inside a test of Node would report to that one.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...(color ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) }
  })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', printed)
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code === 0))
  })
}
