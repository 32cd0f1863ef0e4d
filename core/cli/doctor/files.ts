/** Directories that a configuration writes to, and files with secrets and certificates that it reads. */
import { X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, readFile, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { exposureAt, judge } from '../../config/guarded-file.js'
import { lockHolder } from '../../net/directory-lock.js'
import { bytesText } from '../client/figures.js'
import { expiryWords } from './endpoints.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'
import { leavesOf, type Leaf } from './leaves.js'

export const fileChecks: readonly Check[] = [{ area: 'disk', name: 'directories', run: directories }, { area: 'secrets', name: 'secret files', run: secrets }]

const fewBytes = 1024 ** 3
const slowFsyncMs = 100
/** An unnamed file (open(2)): nothing of it is ever seen, and it is gone when it is closed. */
const temporaryFile = 0o20200000

async function directories ({ prepared }: Patient): Promise<Finding[]> {
  if (prepared === undefined) return []
  const named = leavesOf(prepared).filter(l => /(^|_)directory$/.test(l.key) || (l.kind === 'exporter' && l.key === 'path'))
  return (await Promise.all(named.map(directory))).flat()
}

async function directory ({ path, key, value, beside }: Leaf): Promise<Finding[]> {
  const wanted = resolve(key === 'path' ? dirname(value) : value)
  const there = await nearest(wanted)
  const isMissing = there !== wanted
  if (!(await stat(there)).isDirectory()) return [fault(path, `${there} is a file`, 'Name a directory.')]
  if (!await access(there, constants.W_OK | constants.X_OK).then(() => true, () => false)) return [fault(path, `${wanted}: this user (uid ${process.geteuid?.() ?? 'unknown'}) may not ${isMissing ? `make it in ${there}` : 'write there'}`, `\`chown\` it to the user of Tapio, or run this as that user.`)]
  const { bavail, bsize, blocks } = await statfs(there)
  const [free, size] = [bavail * bsize, blocks * bsize]
  const limit = Number(beside['max_size'] ?? NaN)
  const disk = `${bytesText(free)} of ${bytesText(size)} free`
  const holder = isMissing ? undefined : await lockHolder(wanted)
  const syncMs = isMissing ? undefined : await fsyncMs(wanted)
  const found = `${wanted}${isMissing ? ' (made at the start)' : ''}: ${disk}${syncMs === undefined ? '' : `, fsync ${syncMs.toFixed(1)} ms`}`
  return [
    free < limit
      ? warning(path, `${found}; \`max_size\` is ${bytesText(limit)}`, 'Make room, or lower `max_size`: a full disk is met before a full queue.')
      : free < fewBytes || free < size / 20 ? warning(path, found, 'Make room: what is written there stops when the disk is full.')
        : syncMs !== undefined && syncMs > slowFsyncMs ? warning(path, found, 'A slow disk: answers that wait for it (`fsync: always`, the store) take as long.') : ok(path, found),
    ...(holder === undefined ? [] : [warning(path, `${wanted} is in use by ${holder}`, 'When it is the Tapio of this configuration all is well; a second one on the same directory does not start.')])
  ]
}

/** The directory itself, or the nearest above it that is there. */
async function nearest (path: string): Promise<string> { return await stat(path).then(() => path, () => path === dirname(path) ? path : nearest(dirname(path))) }

/** Undefined: this file system has no unnamed files. */
async function fsyncMs (path: string): Promise<number | undefined> {
  try {
    const file = await open(path, constants.O_WRONLY | temporaryFile, 0o600)
    try {
      await file.write(Buffer.alloc(4096))
      const startedMs = performance.now()
      await file.sync()
      return performance.now() - startedMs
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

const isTrust = (key: string): boolean => /(ca|cert)_file$/.test(key)

async function secrets ({ prepared, nowMs }: Patient): Promise<Finding[]> {
  if (prepared === undefined) return []
  const policy = prepared.config.service.secretFiles
  const named = leavesOf(prepared).filter(l => l.value !== '' && (/(ca|cert|key|token|password|secret|users?)_file$/.test(l.key) || l.key === 'kubeconfig'))
  return (await Promise.all(named.map(async ({ path, key, value }): Promise<Finding[]> => {
    const failure = await access(value, constants.R_OK).then(() => undefined, (error: NodeJS.ErrnoException) => error.code)
    if (failure !== undefined) return [fault(path, failure === 'ENOENT' ? `there is no ${value}` : `${value} cannot be read (${failure})`, failure === 'ENOENT' ? 'Correct the path, or put the file there.' : 'Let the user of Tapio read it.')]
    const exposure = exposureAt(value, isTrust(key) ? 'trust' : 'secret')
    const { refused, why } = judge(exposure, policy)
    if (why !== '') return [(refused ? fault : warning)(path, `${value}: ${why}`, refused ? 'Tapio does not use it as it is: repair its mode.' : 'Repair its mode; `service.security.secret_files: strict` would not use it.')]
    return [isTrust(key) ? await certificate(path, value, nowMs) : ok(path, `${value} is there, for its owner alone`)]
  }))).flat()
}

async function certificate (path: string, value: string, nowMs: number): Promise<Finding> {
  try {
    const { words, isSoon, isOver } = expiryWords(Date.parse(new X509Certificate(await readFile(value)).validTo), nowMs)
    return isOver ? fault(path, `${value} ${words}`, 'Renew it.') : isSoon ? warning(path, `${value} ${words}`, 'Renew it; Tapio reads the new file by itself.') : ok(path, `${value} ${words}`)
  } catch (error) {
    return fault(path, `${value} is no certificate: ${(error as Error).message}`, 'It must hold one in PEM form.')
  }
}
