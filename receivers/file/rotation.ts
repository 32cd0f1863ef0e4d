/**
 * Which files belong together: a file and what it was called when it was rotated away, by logrotate (`app.jsonl.1`, `app.jsonl-20260131.gz`) or
 * by the file exporter (`events-20260131T120000.000Z.tapio`).
 */
import { basename, dirname, extname, join } from 'node:path'

const byExporter = /-\d{8}T\d{6}\.\d{3}Z(-\d+)?$/

/** The name of the file that `path` may have been rotated from, by its name alone; its own when it is no rotated one. */
export function baseOf (path: string): string {
  const plain = path.endsWith('.gz') ? path.slice(0, -3) : path
  const extension = extname(plain)
  const stem = basename(plain, extension)
  return byExporter.test(stem) ? join(dirname(path), stem.replace(byExporter, '') + extension) : path
}

/** Of the names of its directory, those that `path` may have been rotated to. */
export function rotatedNames (path: string, names: readonly string[]): string[] {
  const base = basename(path)
  const numbered = (name: string): boolean => name.startsWith(base) && /^[.-]\d[\w:.-]*$/.test(name.slice(base.length)) && !name.endsWith('.partial')
  return names.filter(name => name !== base && (numbered(name) || basename(baseOf(join(dirname(path), name))) === base))
}
