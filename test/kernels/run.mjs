// `node test/kernels/run.mjs VMLINUZ…`: the objects of this build on other kernels, each in a virtual machine of its own (QEMU
// without KVM, about half a minute each), and a table of program × kernel. Long form by hand, not in CI: it needs
//   apt-get install qemu-system-x86 busybox-static cpio
//   apt-get download linux-image-6.1.0-50-cloud-amd64 && dpkg -x linux-image-*.deb k     # k/boot/vmlinuz-*
// Each kernel must have virtio-less serial output, BTF and cgroup v2 built in: Debian's cloud kernels do.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const work = mkdtempSync(join(tmpdir(), 'tapio-kernels-'))

function run (program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options })
  if (error !== undefined) throw new Error(`${program}: ${error.message}`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** An initial file system of Node, its libraries, busybox and dist/. */
function initramfs () {
  const tree = join(work, 'tree')
  for (const directory of ['bin', 'proc', 'sys', 'dev', 'tmp', 'app/test/kernels']) mkdirSync(join(tree, directory), { recursive: true })
  cpSync(run('which', ['busybox']).trim(), join(tree, 'bin/busybox'))
  symlinkSync('busybox', join(tree, 'bin/sh'))
  const node = realpathSync(process.execPath)
  cpSync(node, join(tree, 'bin/node'))
  for (const [library] of run('ldd', [node]).matchAll(/\/\S+/g)) {
    mkdirSync(join(tree, dirname(library)), { recursive: true })
    cpSync(realpathSync(library), join(tree, library))
  }
  for (const room of ['native', 'bpf']) cpSync(join(root, 'dist', room), join(tree, 'app', room), { recursive: true })
  cpSync(join(root, 'test/kernels/guest.mjs'), join(tree, 'app/test/kernels/guest.mjs'))
  writeFileSync(join(tree, 'app/package.json'), '{"type":"module"}')
  writeFileSync(join(tree, 'init'), `#!/bin/sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev; $b mount -t cgroup2 cg /sys/fs/cgroup
$b ip link set lo up
/bin/node /app/test/kernels/guest.mjs
$b poweroff -f
`, { mode: 0o755 })
  const archive = join(work, 'initramfs.cpio')
  run('/bin/sh', ['-c', `find . | cpio -o -H newc --quiet > ${archive}`], { cwd: tree })
  return archive
}

/** What the guest said. */
function boot (kernel, archive) {
  const args = ['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '1024', '-smp', '2', '-kernel', kernel, '-initrd', archive,
    '-append', 'console=ttyS0 rdinit=/init panic=-1 quiet', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot', '-net', 'none']
  const { stdout } = spawnSync('qemu-system-x86_64', args, { encoding: 'utf8', timeout: 300_000, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] })
  // Serial lines may come twice; the guest says each thing once.
  return [...new Set([...(stdout ?? '').matchAll(/TAPIO (\{.*\})\r?$/gm)].map(m => m[1]))].map(line => JSON.parse(line))
}

try {
  const archive = initramfs()
  const results = process.argv.slice(2).map(kernel => [kernel, boot(kernel, archive)])
  const hooks = [...new Set(results.flatMap(([, said]) => said.flatMap(s => (s.hooks ?? []).map(h => `${h.program} ${h.hook}`))))]
  const heads = results.map(([kernel, said]) => said[0]?.release ?? `${kernel}: nothing came`)
  console.log(`| program and hook | ${heads.join(' | ')} |\n|---|${heads.map(() => '---').join('|')}|`)
  for (const name of hooks) {
    const cells = results.map(([, said]) => { const h = said.flatMap(s => s.hooks ?? []).find(x => `${x.program} ${x.hook}` === name); return h === undefined ? '-' : h.unavailable || 'ok' })
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  const wanted = [['OOM kill at 60 MiB', r => r.name === 'oom_kill' && r.limit === String(60 << 20)], ['OOM kill of the machine', r => r.name === 'oom_kill' && r.limitOf === '0'], ['waits for memory at a cgroup\'s limit', r => r.name === 'reclaim' && r.memcg > 0], ['waits for memory of the machine', r => r.name === 'reclaim' && r.machine > 0], ['refused, IPv4', r => r.name === 'tcp_connect' && r.error === 111 && r.family === 2], ['refused, IPv6', r => r.name === 'tcp_connect' && r.error === 111 && r.family === 10], ['reset', r => r.name === 'tcp_abort' && r.error === 104], ['drop with its reason', r => r.drop === 'NO_SOCKET'], ['exec', r => r.name === 'exec'], ['exit', r => r.name === 'exit'], ['cgroup made', r => r.name === 'cgroup_mkdir']]
  for (const [what, fits] of wanted) console.log(`| seen: ${what} | ${results.map(([, said]) => said.some(s => (s.seen ?? []).some(fits)) ? 'yes' : 'NO').join(' | ')} |`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
