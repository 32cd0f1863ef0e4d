/**
 * Scenario: a person follows the READMEs.
 * Guarantees: every command line of Tapio that a README shows names a command and options that the program has, every link between files
 * leads somewhere, headings included; the table of commands in the root README has every command.
 * Does not prove: that the words around them are true.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addStatusCommand } from '../../core/cli/component-status.js'
import { configOption, createProgram, setOption } from '../../core/cli/program.js'
import { registryUrl } from '../../core/cli/registry.js'
import { addServeCommand } from '../../core/cli/serve.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const skipped = new Set(['node_modules', 'dist', '.git', 'testdata'])

function readmes (folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : readmes(join(folder, entry.name))
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : []
  })
}

const files = readmes(root)
const nothing = (): void => undefined
const io = { out: nothing, err: nothing, color: false, env: {}, modules: [registryUrl] }
const program = createProgram('0', io, () => Promise.resolve('ok'), nothing)
addServeCommand(program, [configOption(), setOption()], () => Promise.resolve('ok'), nothing)
await addStatusCommand(program, 'ebpf', io, nothing)

/** Words of a shell line up to a pipe, a comment or the next command; `[…]` of a synopsis is seen through. */
function wordsOf (line: string): string[] {
  const command = line.split(/ [|&;>#]+( |$)| {3,}/)[0] ?? ''
  return (command.match(/"[^"]*"|'[^']*'|[^\s]+/g) ?? []).map(word => word.replaceAll(/^\[|\]$|[…`,.)]+$/g, ''))
}

/** What of a command line the program does not have; undefined: all is there. */
function unknownIn ([, ...words]: readonly string[]): string | undefined {
  let command: Command = program
  for (const [i, word] of words.entries()) {
    const sub = command.commands.find(c => c.name() === word || c.aliases().includes(word))
    const [option = ''] = word.split('=')
    if (sub !== undefined) command = sub
    else if (/^--?[a-z]/i.test(option) && !optionsOf(command).has(option)) return `${command.name()} has no option ${option}`
    else if (i === 0 && /^[a-z][a-z-]*$/.test(word)) return `no command ${word}`
  }
  return undefined
}

function optionsOf (command: Command): Set<string> {
  return new Set([...command.options.flatMap(o => [o.long ?? '', o.short ?? '']), '--help', '-h', '--version', '-V'])
}

interface Block { readonly language: string, readonly body: string }

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm
const blocksOf = (text: string): Block[] => [...text.matchAll(fence)].map(([, language = '', body = '']) => ({ language, body }))
const outsideBlocks = (text: string): string => text.replaceAll(fence, '')
/** A table of figures may begin its rows with the name of the program. */
const isShown = ({ language, body }: Block): boolean => ['sh', 'console', 'bash'].includes(language) || (language === '' && body.startsWith('tapio --config'))

/** Lines of shell blocks and inline code that begin with `tapio` (behind sudo, variables, npx). */
function commandsOf (text: string): string[] {
  const inBlocks = blocksOf(text).filter(isShown).flatMap(({ body }) => body.replaceAll('\\\n', ' ').split('\n'))
  const inline = [...outsideBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  return [...inBlocks, ...inline].map(line => line.trim().replace(/^\$ /, '').replace(/^(?:sudo |npx |[A-Z_]+=\S+ )+/, '').replace(/^kubectl /, '')).filter(line => /^tapio \S/.test(line))
}

/** GitHub's anchors: lower case, no punctuation, hyphens for spaces. */
const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(/`|\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-')
const anchorsOf = (text: string): Set<string> => new Set([...outsideBlocks(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)))

for (const file of files) {
  const name = relative(root, file)
  const text = readFileSync(file, 'utf8')
  const commands = commandsOf(text)
  if (commands.length > 0) {
    test(`${name}: its command lines are the program's`, () => {
      assert.equal(commands.map(line => [line, unknownIn(wordsOf(line))]).filter(([, unknown]) => unknown !== undefined), [])
    })
  }
  const links = [...outsideBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter(to => !/^[a-z]+:/.test(to))
  if (links.length > 0) {
    test(`${name}: its links lead somewhere`, () => {
      const lost = links.filter(link => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? file : resolve(dirname(file), path)
        try {
          const stats = statSync(target)
          return anchor !== undefined && stats.isFile() && target.endsWith('.md') && !anchorsOf(readFileSync(target, 'utf8')).has(anchor)
        } catch { return true }
      })
      assert.equal(lost, [])
    })
  }
}

test('a command or an option that is not there is found', () => {
  assert.is(unknownIn(wordsOf('tapio wach --foo')), 'no command wach')
  assert.is(unknownIn(wordsOf('tapio top --onse   # live')), 'top has no option --onse')
  assert.is(unknownIn(wordsOf('tapio -c a.yaml --set service.mode=debug | grep --color x')), undefined)
})

test('the root README names every command', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  const named = new Set(commandsOf(text).flatMap(line => line.split(/ {3,}/)[0]?.split(/[\s|]+/) ?? []))
  assert.equal(program.commands.map(c => c.name()).filter(command => command !== 'help' && !named.has(command)), [])
})

test.run()
