/** The collectors under the names and flags of the original Tapio, as arguments of `tapio`. */

const receivers = { 'k8s-collector': 'kubernetes', 'systemd-collector': 'systemd', 'cni-collector': 'cni' } as const

/** `tapio-collector --enable-ebpf --enable-k8s`: each flag is a receiver. */
const flags: Readonly<Record<string, string>> = { ebpf: 'ebpf', k8s: 'kubernetes', systemd: 'systemd', cni: 'cni' }

export type SeedProgram = keyof typeof receivers | 'tapio-collector'

export function seedArguments (program: SeedProgram, given: readonly string[]): string[] {
  const rest: string[] = []
  const enabled: string[] = program === 'tapio-collector' ? [] : [receivers[program]]
  for (const argument of given) {
    const [, name = '', value = 'true'] = /^--enable-(\w+)(?:=(true|false))?$/.exec(argument) ?? []
    const receiver = program === 'tapio-collector' ? flags[name] : undefined
    if (receiver !== undefined) { if (value === 'true') enabled.push(receiver) } else if (/^--grpc-insecure(=true)?$/.test(argument)) rest.push('--tls-insecure')
    else rest.push(argument)
  }
  return ['collect', ...enabled, ...rest]
}
