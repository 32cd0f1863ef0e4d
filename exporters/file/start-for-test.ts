/** For tests: a file exporter on a bench, and reading back what it wrote. */
import { createReadStream } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exporter } from '../../core/component/component.js'
import { readFrames, type FileItem } from '../../core/data/read-frames.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { testBench } from '../../core/testing/services.js'
import type { FileExporterConfig } from './config.js'
import { factory } from './factory.js'

export type Changes = Partial<Omit<FileExporterConfig, 'rotation'>> & { readonly rotation?: Partial<FileExporterConfig['rotation']> }

export const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'tapio-file-'))

export async function startExporter (path: string, changes: Changes = {}) {
  const config: FileExporterConfig = {
    path, format: 'msgpack', json_raw: false, create_directory: false, fsync: 'never', fsync_interval: 1000, max_pending_bytes: 1 << 25, ...changes,
    rotation: { max_size: 0, interval: 0, max_files: 0, max_age: 0, compression: 'none', ...changes.rotation }
  }
  const clock = new FakeClock()
  const bench = testBench('exporter', 'file', config, { clock })
  const exporter = await factory.create(bench.services) as Exporter
  await exporter.start?.(bench.host)
  return { ...bench, clock, exporter }
}

export async function readBack (path: string): Promise<FileItem[]> {
  const items: FileItem[] = []
  for await (const item of readFrames(createReadStream(path), 1 << 26)) items.push(item)
  return items
}

export async function namesIn (path: string): Promise<string[]> {
  return (await readBack(path)).flatMap(item => item.kind === 'batch' ? [...item.batch].map(r => r.get('name') ?? '') : [`damage ${item.bytes}`])
}
