/** Shell completion made from the command tree, so that it cannot drift from it. */
import type { Command } from 'commander'

interface Level { readonly path: string, readonly words: readonly string[] }

function levels (root: Command): Level[] {
  const flags = (c: Command): string[] => [...c.options.flatMap(o => [o.long, o.short]).filter(x => typeof x === 'string'), '--help']
  return [
    { path: '', words: [...root.commands.map(c => c.name()), ...flags(root), '--version'] },
    ...root.commands.map(c => ({ path: c.name(), words: flags(c) }))
  ]
}

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export function completionScript (root: Command, shell: Shell): string {
  const all = levels(root)
  switch (shell) {
    case 'bash': return bash(all)
    case 'zsh': return `#compdef tapio\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`
    case 'fish': return fish(all, root)
  }
}

function bash (all: readonly Level[]): string {
  const cases = all.filter(l => l.path !== '').map(l => `    ${l.path}) words="${l.words.join(' ')}" ;;`)
  return `# tapio completion: source <(tapio completion bash)
_tapio () {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words
  case "$prev" in --config|-c) COMPREPLY=($(compgen -f -- "$cur")); return ;; esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="${all[0]?.words.join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _tapio tapio
`
}

function fish (all: readonly Level[], root: Command): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`
  const lines = root.commands.map(c => `complete -c tapio -n __fish_use_subcommand -a ${c.name()} -d ${quote(c.description())}`)
  for (const level of all) {
    const where = level.path === '' ? '__fish_use_subcommand' : `'__fish_seen_subcommand_from ${level.path}'`
    for (const word of level.words.filter(w => w.startsWith('--'))) lines.push(`complete -c tapio -n ${where} -l ${word.slice(2)}`)
  }
  return `# tapio completion: tapio completion fish | source\n${lines.join('\n')}\n`
}
