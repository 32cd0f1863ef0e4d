/** What this build needs beside Node: the bundler of plugins, the native addon, what components can do on this kernel. */
import { release } from 'node:os'
import { openCatalog } from '../../instance.js'
import { exists } from './machine.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'

export const partChecks: readonly Check[] = [
  { area: 'kernel', name: 'kernel', run: kernel },
  { area: 'kernel', name: 'components', run: components },
  { area: 'build', name: 'esbuild', run: esbuild }
]

async function kernel ({ root }: Patient): Promise<Finding[]> {
  const hasTypes = await exists(`${root}/sys/kernel/btf/vmlinux`)
  return [ok('version', release()), hasTypes ? ok('BTF', 'the kernel describes its types: eBPF programs fit it') : ok('BTF', 'none (/sys/kernel/btf/vmlinux): eBPF programs that read kernel types do not load')]
}

/** Those that can say what they could do here: a configuration that uses one needs it. */
async function components ({ prepared, modules }: Patient): Promise<Finding[]> {
  const used = prepared?.config.components.filter(c => c.used)
  const { all } = prepared?.catalog ?? await openCatalog(modules)
  const asked = all.filter(f => f.status !== undefined && (used === undefined || used.some(c => c.id.kind === f.kind && c.id.type === f.type)))
  return Promise.all(asked.map(async ({ kind, type, status }) => {
    const { usable, summary, parts } = await status?.() ?? { usable: false, summary: '', parts: [] }
    const name = `${kind}/${type}`
    const missing = parts.filter(p => !p.usable)
    const advice = `\`tapio ${type} status\` says what is missing, part by part.`
    if (!usable) return used === undefined ? warning(name, summary, advice) : fault(name, summary, advice)
    return missing.length === 0 ? ok(name, summary) : warning(name, `${summary}; not here: ${missing.map(p => p.name).join(', ')}`, advice)
  }))
}

/** A binary of its own for each platform, which an install may have left out. */
async function esbuild ({ prepared }: Patient): Promise<Finding[]> {
  const needs = prepared !== undefined && prepared.catalog.modules.length > 1
  try {
    const { transform, stop, version } = await import('esbuild')
    await transform('const n: number = 1', { loader: 'ts' })
    await stop()
    return [ok('esbuild', `${version}: plugins can be bundled`)]
  } catch (error) {
    const found = `it does not run: ${(error as Error).message.split('\n')[0] ?? ''}`
    return [(needs ? fault : warning)('esbuild', found, 'Install again with optional dependencies (`npm install`): plugins cannot be loaded without it.')]
  }
}
