/**
 * A small file system that only programs started within it see: mounted in a mount namespace of its own, which a holder keeps alive and
 * which is gone with it, whatever becomes of the test. Needs root.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export class PrivateDisk {
  private constructor (readonly directory: string, readonly holder: ChildProcess) {}

  /** `tmpfs` of so many bytes, or an `ext4` on a loop device. In one line why there can be none here. */
  static async mount (folder: string, kind: 'tmpfs' | 'ext4', bytes: number): Promise<PrivateDisk | { readonly skip: string }> {
    if (process.getuid?.() !== 0) return { skip: 'only root may mount' }
    const directory = join(folder, 'disk')
    const image = join(folder, 'image')
    mkdirSync(directory)
    const mount = kind === 'tmpfs'
      ? `mount -t tmpfs -o size=${bytes},mode=700 tmpfs '${directory}'`
      : `truncate -s ${bytes} '${image}' && mkfs.ext4 -q '${image}' && mount -o loop,errors=remount-ro '${image}' '${directory}'`
    const holder = spawn('unshare', ['--mount', 'sh', '-c', `${mount} && echo mounted && exec sleep 86400`], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = await new Promise<string>(resolve => {
      let text = ''
      const hear = (chunk: Buffer): void => { text += chunk.toString(); if (text.includes('mounted')) resolve('') }
      holder.stdout.on('data', hear)
      holder.stderr.on('data', hear)
      holder.once('error', error => resolve(error.message)).once('close', () => resolve(text.trim() || 'unshare ended'))
    })
    if (said !== '') return { skip: `a ${kind} cannot be mounted here: ${said.split('\n')[0]}` }
    return new PrivateDisk(directory, holder)
  }

  /** Put before a program that shall see it. */
  get within (): readonly string[] { return ['nsenter', `--target=${this.holder.pid}`, '--mount', '--'] }

  /** A shell command that sees it, in its directory. Resolves with what it prints. */
  async shell (command: string): Promise<string> {
    const [program = '', ...args] = this.within
    const { stdout } = await run(program, [...args, 'sh', '-c', `cd '${this.directory}' && ${command}`])
    return stdout
  }

  /** Takes all the room that is left. */
  async fill (): Promise<void> { await this.shell('(cat /dev/zero > filler 2>/dev/null || true)') }

  async makeRoom (): Promise<void> { await this.shell('rm -f filler') }

  /** As a disk with a fault: writes fail at once, and the system makes it read-only. `ext4` only. */
  async fail (): Promise<void> {
    const device = (await this.shell(`findmnt -n -o SOURCE '${this.directory}'`)).trim().replace('/dev/', '')
    await this.shell(`echo 1 > /sys/fs/ext4/${device}/trigger_fs_error`)
  }

  /** Checked, repaired and mounted again. Nobody may have it open. */
  async repair (): Promise<void> {
    const image = join(this.directory, '..', 'image')
    // e2fsck ends with 1 when it has repaired something.
    await this.shell(`cd / && umount '${this.directory}' && { e2fsck -fy '${image}' >/dev/null || [ $? -le 2 ]; } && mount -o loop,errors=remount-ro '${image}' '${this.directory}'`)
  }

  destroy (): void { this.holder.kill('SIGKILL') }
}
