/** `tapio plugin new`. */
import { relative, resolve } from 'node:path'
import pc from 'picocolors'
import { openCatalog } from '../../instance.js'
import { componentType, folderName, packageNameFault } from '../../plugins/new/names.js'
import { ownSource } from '../../plugins/new/own-source.js'
import { pluginProject, type Language, type PluginKind } from '../../plugins/new/project.js'
import { folderFault, writeProject } from '../../plugins/new/write.js'
import { version } from '../../version.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'

export interface NewOptions {
  readonly kind: PluginKind
  readonly language: Language
  readonly directory?: string
  readonly tapio?: string
}

/** `cwd` is what relative folders start at. */
export async function newPlugin (name: string, options: NewOptions, io: CommandIo, cwd = process.cwd()): Promise<ExitName> {
  const fault = await nameFault(name, options.kind, io)
  if (fault !== undefined) { io.err(`tapio plugin new: ${fault}\n`); return 'usage' }
  const folder = resolve(cwd, options.directory ?? folderName(name))
  const taken = folderFault(folder)
  if (taken !== undefined) { io.err(`tapio plugin new: ${taken}. Nothing was written; name another folder with --directory\n`); return 'failure' }
  const files = pluginProject({ name, kind: options.kind, language: options.language, version, tapio: options.tapio ?? ownSource() })
  try {
    writeProject(folder, files)
  } catch (error) {
    io.err(`tapio plugin new: the project could not be written: ${error instanceof Error ? error.message : String(error)}\n`)
    return 'failure'
  }
  io.out(written(name, options, relative(cwd, folder) || '.', files, io))
  return 'ok'
}

async function nameFault (name: string, kind: PluginKind, io: CommandIo): Promise<string | undefined> {
  const fault = packageNameFault(name)
  if (fault !== undefined) return fault
  const type = componentType(name)
  if ((await openCatalog(io.modules)).find(kind, type) === undefined) return undefined
  return `the component of "${name}" would be called \`${type}\` in YAML, and Tapio has a ${kind} of that name. For example: tapio-plugin-my-${type.replaceAll('_', '-')}`
}

const meanings: readonly (readonly [name: RegExp, meaning: string])[] = [
  [/\.test\.\w+$/, 'its tests'], [/^src\/index\./, 'the plugin'], [/^tapio\.yaml$/, 'a configuration that runs it'],
  [/^package\.json$/, 'name, version, scripts'], [/^tsconfig\.json$/, 'how types are checked'], [/^README\.md$/, 'what it is, how to publish it']
]

function written (name: string, { kind, language }: NewOptions, folder: string, files: ReadonlyMap<string, string>, io: CommandIo): string {
  const c = pc.createColors(io.color)
  const lines = [...files.keys()].flatMap(path => {
    const meaning = meanings.find(([pattern]) => pattern.test(path))?.[1]
    return meaning === undefined ? [] : [`  ${path.padEnd(20)} ${c.dim(meaning)}`]
  })
  return `${c.bold(name)}, a ${kind} in ${language === 'typescript' ? 'TypeScript' : 'JavaScript'} called \`${componentType(name)}\`, in ${folder}:
${lines.join('\n')}

Next:
${folder === '.' ? '' : `  cd ${folder}\n`}  npm install
  npm test             the contract of all components, isolated and not, and its own tests
  npm start            runs tapio.yaml; edit src/index.${language === 'typescript' ? 'ts' : 'js'} while it runs
`
}
