/** What has to be known of the running kernel and of this process before anything is loaded. */
import { existsSync, readFileSync } from 'node:fs'
import { release as kernelRelease } from 'node:os'
import { Kind, kernelBtf, kernelBtfPath } from './btf.js'

export interface KernelFacts {
  /** BTF ids of the hooks that exist, by tracepoint name. */
  readonly hooks: ReadonlyMap<string, number>
  /** Names of `enum skb_drop_reason` without their prefix, by number; they differ between kernels. */
  readonly dropReasons: ReadonlyMap<number, string>
  /** The same of `enum sk_rst_reason`; empty before Linux 6.10. */
  readonly resetReasons: ReadonlyMap<number, string>
}

export function readKernelFacts (hooks: readonly string[]): KernelFacts {
  const btf = kernelBtf()
  const ids = btf.findAll(Kind.typedef, hooks.map(h => `btf_trace_${h}`))
  const names = (type: string, prefix: RegExp): ReadonlyMap<number, string> => {
    const id = btf.find(Kind.enum, type)
    return new Map([...(id === 0 ? [] : btf.enumNames(id))].map(([value, name]) => [value, name.replace(prefix, '')]))
  }
  return {
    hooks: new Map([...ids].map(([name, id]) => [name.slice('btf_trace_'.length), id])),
    dropReasons: names('skb_drop_reason', /^SKB_(DROP_REASON_)?/),
    resetReasons: names('sk_rst_reason', /^SK_RST_REASON_/)
  }
}

/** linux/capability.h */
export const capabilities = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const
export type Capability = keyof typeof capabilities

/** What of the needed capabilities this process lacks. CAP_SYS_ADMIN contains the other two. */
export function missingCapabilities (status = readFileSync('/proc/self/status', 'utf8')): Capability[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  const has = (c: Capability): boolean => (effective >> BigInt(capabilities[c]) & 1n) === 1n
  return has('CAP_SYS_ADMIN') ? [] : (['CAP_BPF', 'CAP_PERFMON'] as const).filter(c => !has(c))
}

/** Why nothing can be loaded here at all, or ''. The parameters are for tests. */
export function unavailability (release = kernelRelease(), btfPath = kernelBtfPath): string {
  if (process.platform !== 'linux') return `eBPF is Linux only, this is ${process.platform}`
  const [major, minor] = release.split('.').map(Number) as [number, number]
  if (major < 5 || (major === 5 && minor < 17)) return `Linux ${release} is too old: 5.17 is the first that relocates CO-RE programs itself`
  if (!existsSync(btfPath)) return `this kernel has no type information (${btfPath} is missing): it must be built with CONFIG_DEBUG_INFO_BTF`
  const missing = missingCapabilities()
  if (missing.length > 0) return `needs CAP_BPF and CAP_PERFMON, or root; this process lacks ${missing.join(' and ')}`
  return ''
}

/** How many values a per-CPU map has for a key: the possible CPUs, not the ones that are on. */
export function possibleCpus (text = readFileSync('/sys/devices/system/cpu/possible', 'utf8')): number {
  return Math.max(...text.trim().split(/[,-]/).map(Number)) + 1
}
