/**
 * Scenario: files with secrets, with every kind of mode, owner and folder; real ones, read as root and as others; mounts as Kubernetes makes them.
 * Guarantees: what others could read or replace is found and said with what to do; what they could not is not complained of.
 * Does not show: access lists, other systems than Linux.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exposureOf, isSealed, judge, readGuarded, type Guarded, type GuardedFacts, type Viewer } from './guarded-file.js'

const test = suite('guarded files')
const asRoot = process.getuid?.() === 0 ? test : test.skip
if (process.getuid?.() !== 0) console.log('SKIP files of other users: needs root')

const folder = mkdtempSync(join(tmpdir(), 'tapio-guarded-'))
test.after(() => { rmSync(folder, { recursive: true, force: true }) })

const service: Viewer = { uid: 998, gid: 998, sudoUid: undefined }
const root: Viewer = { uid: 0, gid: 0, sudoUid: undefined }
const file = (mode: number, more: Partial<GuardedFacts> = {}): GuardedFacts => ({ path: '/etc/tapio/token', mode, uid: 0, gid: 0, folders: [{ path: '/etc/tapio', mode: 0o755, uid: 0 }, { path: '/etc', mode: 0o755, uid: 0 }, { path: '/', mode: 0o755, uid: 0 }], sealed: false, ...more })
const below = (mode: number, uid = 0): Pick<GuardedFacts, 'folders'> => ({ folders: [{ path: '/srv/x', mode, uid }, { path: '/', mode: 0o755, uid: 0 }] })

const cases: readonly [string, GuardedFacts, Viewer, 'open' | 'exposed' | undefined, (RegExp | undefined)?, Guarded?][] = [
  ['root\'s own', file(0o600), service, undefined],
  ['readable by its group, which the service is in', file(0o640, { gid: 998 }), service, undefined],
  ['the service\'s own', file(0o600, { uid: 998 }), service, undefined],
  ['readable by everybody', file(0o644), service, 'exposed', /everybody on this machine may read it \(mode 0644\): `chmod o-rwx \/etc\/tapio\/token`/],
  ['a certificate may be read by everybody', file(0o644), service, undefined, undefined, 'trust'],
  ['readable by everybody, in a folder that only root enters', file(0o644, below(0o700)), root, undefined],
  ['readable by everybody, in a folder of the service\'s group', file(0o644, below(0o750)), service, undefined],
  ['writable by everybody', file(0o666), service, 'open', /may write it \(mode 0666\)/],
  ['a certificate writable by everybody', file(0o646), service, 'open', /may write it/, 'trust'],
  ['writable by everybody, in a folder that only root enters', file(0o666, below(0o700)), service, undefined],
  ['in a folder that everybody may write', file(0o600, below(0o777)), service, 'open', /may replace it: \/srv\/x has mode 0777: `chmod o-w \/srv\/x`/],
  ['in a sticky folder that everybody may write', file(0o600, below(0o1777)), service, undefined],
  ['of somebody else', file(0o600, { uid: 1000 }), root, 'exposed', /belongs to user 1000/],
  ['of who called sudo', file(0o600, { uid: 1000, ...below(0o700, 1000) }), { ...root, sudoUid: 1000 }, undefined],
  ['in somebody else\'s folder', file(0o600, below(0o755, 1000)), root, 'exposed', /user 1000, to whom \/srv\/x belongs, may replace it/],
  ['writable by another group', file(0o660, { gid: 1234 }), service, 'exposed', /group 1234 may write it/],
  ['writable by the service\'s own group (umask 002)', file(0o660, { uid: 998, gid: 998 }), service, undefined],
  ['a secret that Kubernetes mounts', file(0o644, { sealed: true, ...below(0o1777) }), service, undefined]
]

for (const [name, facts, viewer, kind, why = /^$/, holds = 'secret'] of cases) {
  test(`${name}: ${kind ?? 'no fault'}`, () => {
    const found = exposureOf(facts, holds, viewer)
    assert.is(found?.kind, kind)
    assert.match(found?.why ?? '', why)
  })
}

test('the policy decides: strict uses nothing exposed, warn nothing open, off asks nothing', () => {
  const used = (kind: 'open' | 'exposed'): boolean[] => (['strict', 'warn', 'off'] as const).map(policy => !judge({ kind, why: 'x' }, policy).refused)
  assert.equal([used('exposed'), used('open')], [[false, true, true], [false, false, true]])
  assert.equal([judge({ kind: 'exposed', why: 'x' }, 'warn').why, judge({ kind: 'open', why: 'x' }, 'off').why, judge(undefined, 'strict').why], ['x', '', ''])
})

test('a read-only mount in memory is told from others, the last and longest mount counts', () => {
  const mounts = [
    '21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
    '40 21 0:30 / /etc/secrets ro,relatime - tmpfs tmpfs rw,size=64k',
    '41 21 0:31 / /run rw,nosuid - tmpfs tmpfs rw',
    '42 21 0:32 / /opt/a\\040b ro - tmpfs tmpfs ro',
    '43 21 8:2 / /mnt ro - ext4 /dev/sdb ro',
    '44 40 8:3 / /etc/secrets/disk ro - ext4 /dev/sdc ro'
  ].join('\n')
  const sealed = ['/etc/secrets/..2026/token', '/opt/a b/token', '/run/token', '/mnt/token', '/etc/secrets/disk/token', '/etc/secretsx/token', '/home/token'].map(path => isSealed(path, mounts))
  assert.equal(sealed, [true, true, false, false, false, false, false])
})

test('real files: read with a warning, refused, or read in silence', () => {
  const shared = mkdtempSync(join(tmpdir(), 'tapio-guarded-shared-'))
  try {
    chmodSync(shared, 0o755)
    const path = join(shared, 'token')
    writeFileSync(path, 'one', { mode: 0o600 })
    assert.equal(readGuarded(path, 'secret', 'strict'), { bytes: Buffer.from('one'), warning: '' })
    chmodSync(path, 0o644)
    assert.match(readGuarded(path, 'secret', 'warn').warning, /everybody on this machine may read it/)
    assert.throws(() => readGuarded(path, 'secret', 'strict'), /everybody on this machine may read it.*service\.security\.secret_files/)
    assert.is(readGuarded(path, 'trust', 'strict').warning, '')
    chmodSync(path, 0o666)
    assert.throws(() => readGuarded(path, 'trust', 'warn'), /everybody on this machine may write it/)
    assert.is(readGuarded(path, 'secret', 'off').bytes.toString(), 'one')
    // Its folder decides, also for who comes by a symbolic link.
    chmodSync(shared, 0o700)
    symlinkSync(path, join(folder, 'link'))
    assert.is(readGuarded(join(folder, 'link'), 'secret', 'strict').warning, '')
    writeFileSync(path, Buffer.alloc(1024 * 1024 + 1))
    assert.throws(() => readGuarded(path, 'secret', 'strict'), /larger than 1048576 bytes/)
    assert.throws(() => readGuarded(join(shared, 'none'), 'secret', 'strict'), /ENOENT/)
    assert.throws(() => readGuarded(shared, 'secret', 'strict'), /EISDIR/)
  } finally { rmSync(shared, { recursive: true }) }
})

/** What another user finds. */
function asUser (uid: number, path: string, env: Record<string, string> = {}): string {
  const code = `import { readGuarded } from ${JSON.stringify(new URL('guarded-file.js', import.meta.url).href)}\ntry { const { bytes, warning } = readGuarded(process.argv[1], 'secret', 'warn'); console.log(String(bytes) + '|' + warning) } catch (error) { console.log(error.message) }`
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', code, path], { encoding: 'utf8', uid, gid: uid, env })
  return done.stdout.trim() + done.stderr
}

asRoot('real files of other users, as root and as a service user', () => {
  const open = mkdtempSync(join(tmpdir(), 'tapio-guarded-users-'))
  try {
    chmodSync(open, 0o755)
    const path = join(open, 'token')
    writeFileSync(path, 'one', { mode: 0o600 })
    assert.match(asUser(65_532, path), /EACCES/)
    chownSync(path, 0, 65_532)
    chmodSync(path, 0o640)
    assert.is(asUser(65_532, path), 'one|')
    chownSync(path, 65_532, 65_532)
    assert.is(asUser(65_532, path), 'one|')
    assert.match(readGuarded(path, 'secret', 'warn').warning, /belongs to user 65532/)
    assert.is(asUser(0, path, { SUDO_UID: '65532' }), 'one|')
    // A user who claims to have come by sudo is believed by root alone.
    chownSync(path, 1000, 65_532)
    assert.match(asUser(65_532, path, { SUDO_UID: '1000' }), /belongs to user 1000/)
    const loose = join(open, 'loose')
    mkdirSync(loose)
    chmodSync(loose, 0o777)
    writeFileSync(join(loose, 'token'), 'two', { mode: 0o644 })
    assert.match(asUser(65_532, join(loose, 'token')), /everybody on this machine may replace it: .*loose has mode 0777/)
  } finally { rmSync(open, { recursive: true }) }
})

asRoot('a secret mounted as the kubelet does it: a read-only mount in memory, 0644 behind symbolic links', () => {
  const mount = join(folder, 'mount')
  const script = [
    `mkdir -p ${mount} && chmod 755 ${folder} ${mount} && mount -t tmpfs -o mode=1777 tmpfs ${mount}`,
    `mkdir ${mount}/..2026 && echo -n one > ${mount}/..2026/token && chmod 644 ${mount}/..2026/token && ln -s ..2026 ${mount}/..data && ln -s ..data/token ${mount}/token`,
    `"$0" --input-type=module -e "$1" ${mount}/token && mount -o remount,ro ${mount} && "$0" --input-type=module -e "$1" ${mount}/token`
  ].join(' && ')
  const code = `import { readGuarded } from ${JSON.stringify(new URL('guarded-file.js', import.meta.url).href)}\nprocess.setgid(65532); process.setuid(65532)\nconst { bytes, warning } = readGuarded(process.argv[1], 'secret', 'warn'); console.log(String(bytes) + '|' + warning)`
  const done = spawnSync('unshare', ['--mount', 'sh', '-c', script, process.execPath, code], { encoding: 'utf8' })
  const [writable = '', readOnly = ''] = done.stdout.trim().split('\n')
  assert.match(writable, /^one\|everybody on this machine may read it/, done.stderr)
  assert.is(readOnly, 'one|')
})

test.run()
