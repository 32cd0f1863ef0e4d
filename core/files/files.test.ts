/**
 * Scenario: names and links that would lead out of a directory; files opened to be written.
 * Guarantees: whatever a name is made of, its file is in its directory or it is refused; nothing is written through a link; new files are
 * their owner's alone, whatever the umask is.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { inside, nameFault } from './inside.js'
import { openToWrite, type WriteMode } from './safe-open.js'

interface Context { folder: string }
const test = suite<Context>('files')
test.before.each(context => { context.folder = mkdtempSync(join(tmpdir(), 'tapio-files-')) })
test.after.each(({ folder }) => { rmSync(folder, { recursive: true, force: true }) })

const refused: readonly (readonly [name: string, fault: RegExp])[] = [
  ['', /is empty/], ['.', /is a directory/], ['..', /is a directory/], ['a/b', /holds a `\/`/], ['/etc/passwd', /holds a `\/`/], ['../x', /holds a `\/`/],
  ['a\0b', /zero byte/], ['x'.repeat(256), /256 bytes/], ['ü'.repeat(128), /256 bytes/], ['\ud800', /half of a character/]
]
for (const [name, fault] of refused) {
  test(`${JSON.stringify(name.slice(0, 20))} is no name of a file`, () => {
    assert.match(nameFault(name), fault)
    assert.throws(() => inside('/var/lib/tapio', name), fault)
  })
}

test('characters that only look like a way out stay inside', ({ folder }) => {
  // Fullwidth and other dots and slashes, a percent code, a backslash, a bidirectional mark.
  for (const name of ['．．', '‥', '∕etc∕passwd', '／etc', '%2e%2e%2f', '..\\..\\x', '\u202egnp.x', '...', '.hidden', '~root']) {
    const path = inside(folder, name)
    writeFileSync(path, name)
    assert.is(dirname(path), folder)
    assert.is(readFileSync(join(folder, name), 'utf8'), name)
  }
})

test('any name is refused or inside', ({ folder }) => {
  const pieces = ['.', '..', '/', '\\', '\0', 'a', ' ', '\n', '％', '／', '‥', 'é', '\ud83d', '😀', '-', '~', '$HOME', '%2f', '\u202e']
  for (let seed = 1; seed <= 5000; seed++) {
    const random = seeded(seed)
    const name = Array.from({ length: random.below(8) }, () => pieces[random.below(pieces.length)]).join('')
    if (nameFault(name) !== '') continue
    const path = inside(folder, name)
    assert.ok(path === resolve(path) && path.startsWith(folder + sep) && dirname(path) === folder, JSON.stringify(name))
  }
})

for (const mode of ['a', 'a+', 'w', 'wx'] as const satisfies readonly WriteMode[]) {
  test(`${mode}: nothing is written through a link, to a file that is there or not`, async ({ folder }) => {
    writeFileSync(join(folder, 'victim'), 'precious')
    symlinkSync(join(folder, 'victim'), join(folder, 'link'))
    symlinkSync(join(folder, 'missing'), join(folder, 'dangling'))
    for (const name of ['link', 'dangling']) await openToWrite(join(folder, name), mode).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, mode === 'wx' ? /EEXIST/ : new RegExp(`${name} is a symbolic link`)))
    assert.is(readFileSync(join(folder, 'victim'), 'utf8'), 'precious')
    assert.throws(() => statSync(join(folder, 'missing')), /ENOENT/)
  })

  test(`${mode}: a new file is its owner's alone`, async ({ folder }) => {
    const before = process.umask(0)
    try {
      const file = await openToWrite(join(folder, 'new'), mode)
      await file.write('x')
      await file.close()
    } finally {
      process.umask(before)
    }
    assert.is(statSync(join(folder, 'new')).mode & 0o777, 0o600)
  })
}

test('a device may have its name by a link', async () => {
  const file = await openToWrite('/dev/stdout', 'a').catch((error: NodeJS.ErrnoException) => error)
  // What it is linked to depends on who runs the test; that it is a link is no reason.
  if (file instanceof Error) assert.not.match(file.message, /symbolic link/)
  else await file.close()
})

test.run()
