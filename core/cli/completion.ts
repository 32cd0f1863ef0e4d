/** Shell completion made from the command tree, so that it cannot drift from it. */
import type { Command, Option } from 'commander'

/** A command, or the root (''), with the words that may follow it. `choices`: what an option of it takes, by its flags. */
interface Level { readonly path: string, readonly words: readonly string[], readonly choices: ReadonlyMap<string, readonly string[]> }

function levels (root: Command): Level[] {
  const flagsOf = (o: Option): string[] => [o.long, o.short].filter(x => typeof x === 'string')
  const words = (c: Command): string[] => [...c.commands.map(sub => sub.name()), ...c.options.flatMap(flagsOf), '--help']
  const choices = (c: Command): Level['choices'] => new Map(c.options.flatMap(o => o.argChoices === undefined ? [] : [[flagsOf(o).join('|'), o.argChoices]]))
  return [
    { path: '', words: [...words(root), '--version'], choices: choices(root) },
    ...root.commands.map(c => ({ path: c.name(), words: words(c), choices: choices(c) }))
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
  // Choices of several words cannot be told apart in a list of words.
  const choices = all.flatMap(l => Array.from(l.choices, ([flags, values]) => `    ${flags.split('|').map(f => `${l.path}:${f}`).join('|')}) COMPREPLY=($(compgen -W "${values.filter(v => !v.includes(' ')).join(' ')}" -- "$cur")); return ;;`))
  return `# tapio completion: source <(tapio completion bash)
_tapio () {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words
  case "$prev" in --config|-c|--*-file|--store) COMPREPLY=($(compgen -f -- "$cur")); return ;; esac
  case "\${COMP_WORDS[1]}:$prev" in
${choices.join('\n')}
  esac
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
    const valuesOf = (word: string): readonly string[] | undefined => [...level.choices].find(([flags]) => flags.split('|').includes(word))?.[1]
    for (const word of level.words.filter(w => w.startsWith('--'))) {
      const values = valuesOf(word)
      lines.push(`complete -c tapio -n ${where} -l ${word.slice(2)}${values === undefined ? '' : ` -x -a ${quote(values.filter(v => !v.includes(' ')).join(' '))}`}`)
    }
    if (level.path !== '') for (const word of level.words.filter(w => !w.startsWith('-'))) lines.push(`complete -c tapio -n ${where} -a ${word}`)
  }
  return `# tapio completion: tapio completion fish | source\n${lines.join('\n')}\n`
}
