/** Whether the addresses of a configuration can be listened on, and who has them when not. */
import { readdir, readlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { parseAddress } from '../../net/listen.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'
import { leavesOf, type Leaf } from './leaves.js'
import { textOf } from './machine.js'

export const portChecks: readonly Check[] = [{ area: 'ports', name: 'ports', run: ports }]

async function ports ({ prepared, root }: Patient): Promise<Finding[]> {
  if (prepared === undefined) return []
  const listening = leavesOf(prepared).filter(l => l.mark === 'endpoint' && (l.kind === 'receiver' || l.kind === 'service'))
  // One after the other: two that name the same port must not be in each other's way.
  const findings: Finding[] = []
  for (const leaf of listening) findings.push(await port(leaf, root))
  return findings
}

async function port ({ path, value }: Leaf, root: string): Promise<Finding> {
  const address = parseAddress(value)
  if ('path' in address) {
    return await isAnswered(address.path)
      ? warning(path, `${value} is answered: a process listens there`, 'When it is the Tapio of this configuration all is well; a second one cannot start.')
      : ok(path, `${value} is free`)
  }
  if (address.port === 0) return ok(path, `${value}: any free port`)
  const code = await tryListening(address.host, address.port)
  switch (code) {
    case undefined: return ok(path, `${value} is free`)
    case 'EADDRINUSE': return taken(path, value, address.port, root)
    case 'EACCES': return fault(path, `${value}: this user may not listen there`, 'Ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= of the unit), or choose another port.')
    case 'EADDRNOTAVAIL': case 'ENOTFOUND': case 'EAI_AGAIN': return fault(path, `${value}: this machine has no such address (${code})`, 'Choose one that it has (`ip addr`), or 0.0.0.0 for all.')
    default: return fault(path, `${value} cannot be listened on (${code})`, 'See what the code means for bind(2) and listen(2).')
  }
}

async function taken (path: string, value: string, number: number, root: string): Promise<Finding> {
  const owner = await ownerOf(number, root)
  if (owner === undefined) return fault(path, `${value} is taken, by a process that this user may not see`, `\`sudo ss -ltnp 'sport = :${number}'\` says whose it is; end it, or choose another port.`)
  const found = `${value} is taken by ${owner.name}, pid ${owner.pid}`
  return owner.isTapio
    ? warning(path, found, 'When it is the Tapio of this configuration all is well; a second one cannot start.')
    : fault(path, found, `End it (\`kill ${owner.pid}\`), or choose another port.`)
}

/** The code of the error; undefined: it works. The port is free again when this resolves. */
function tryListening (host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => { server.close(() => resolve(undefined)) })
  })
}

function isAnswered (path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) }).once('error', () => resolve(false))
  })
}

interface Owner { readonly pid: number, readonly name: string, readonly isTapio: boolean }

const listenState = '0A'

/** proc_net_tcp: `sl local_address rem_address st … inode`; the process is the one with that socket among its files. */
export async function ownerOf (port: number, root = ''): Promise<Owner | undefined> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(['tcp', 'tcp6'].map(async name => await textOf(`${root}/proc/net/${name}`) ?? ''))
  const inodes = new Set(tables.flatMap(t => t.split('\n')).map(line => line.trim().split(/\s+/)).filter(f => f[1]?.endsWith(wanted) === true && f[3] === listenState).map(f => `socket:[${f[9]}]`))
  if (inodes.size === 0) return undefined
  for (const pid of (await readdir(`${root}/proc`)).filter(name => /^\d+$/.test(name))) {
    const files = await readdir(`${root}/proc/${pid}/fd`).catch(() => [])
    for (const file of files) {
      const link = await readlink(`${root}/proc/${pid}/fd/${file}`).catch(() => '')
      if (inodes.has(link)) return named(Number(pid), root)
    }
  }
  return undefined
}

async function named (pid: number, root: string): Promise<Owner> {
  const name = (await textOf(`${root}/proc/${pid}/comm`) ?? 'a process').trim()
  const words = (await textOf(`${root}/proc/${pid}/cmdline`) ?? '').split('\0')
  return { pid, name, isTapio: words.slice(0, 4).some(word => /(^|\/)(tapio|kubectl-tapio)$|core\/cli\/main\.js$/.test(word)) }
}
