/** Two network namespaces joined by a veth pair, of this test alone; and programs that run in them. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'

export interface Namespace { readonly name: string, readonly inode: number, readonly v4: string, readonly v6: string }

export function sh (program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (error !== undefined || status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** Whether a program of the network tools is there. */
export function has (program: string): boolean { return spawnSync(program, ['-V']).error === undefined }

export class Namespaces {
  readonly a: Namespace
  readonly b: Namespace
  readonly #children = new Set<ChildProcess>()

  constructor (id = process.pid) {
    for (const side of ['a', 'b']) sh('ip', 'netns', 'add', `tapio-${side}-${id}`)
    const of = (side: 'a' | 'b', n: number): Namespace => {
      const name = `tapio-${side}-${id}`
      return { name, inode: statSync(`/run/netns/${name}`).ino, v4: `10.99.0.${n}`, v6: `fd99::${n}` }
    }
    this.a = of('a', 1)
    this.b = of('b', 2)
    sh('ip', 'link', 'add', 'va', 'netns', this.a.name, 'type', 'veth', 'peer', 'name', 'vb', 'netns', this.b.name)
    for (const [space, device] of [[this.a, 'va'], [this.b, 'vb']] as const) {
      sh('ip', '-n', space.name, 'addr', 'add', `${space.v4}/24`, 'dev', device)
      // Without nodad the address cannot be used for a second.
      sh('ip', '-n', space.name, 'addr', 'add', `${space.v6}/64`, 'dev', device, 'nodad')
      sh('ip', '-n', space.name, 'link', 'set', 'lo', 'up')
      sh('ip', '-n', space.name, 'link', 'set', device, 'up')
    }
  }

  /** Runs JavaScript in a namespace; resolves with its first line of output. The process ends by itself or with `close`. */
  async start (space: Namespace, script: string): Promise<{ readonly child: ChildProcess, readonly line: string }> {
    const child = spawn('ip', ['netns', 'exec', space.name, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.add(child)
    child.on('close', () => this.#children.delete(child))
    const line = await new Promise<string>(resolve => {
      let text = ''
      child.stdout?.on('data', (d: Buffer) => { text += d.toString(); if (text.includes('\n')) resolve(text.split('\n')[0] as string) })
      child.on('close', () => { resolve(text.trim()) })
    })
    return { child, line }
  }

  /** Connects from a namespace; resolves with the error code, or `ok`, or `waiting` when nothing happened in `patienceMs`. */
  async connect (space: Namespace, host: string, port: number, patienceMs = 10_000): Promise<string> {
    const script = `const s=require('net').connect(${port},'${host}');s.on('connect',()=>end('ok'));s.on('error',e=>end(e.code));
      setTimeout(()=>end('waiting'),${patienceMs});function end(t){console.log(t);process.exit()}`
    const { child, line } = await this.start(space, script)
    if (child.exitCode === null) await once(child, 'close')
    return line
  }

  async close (): Promise<void> {
    await Promise.all([...this.#children].map(async child => {
      child.kill('SIGKILL')
      await once(child, 'close')
    }))
    for (const { name } of [this.a, this.b]) spawnSync('ip', ['netns', 'del', name])
  }
}
