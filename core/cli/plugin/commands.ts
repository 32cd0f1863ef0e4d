/** `tapio plugin …`: what an author of plugins needs. What a command does is loaded when it is called. */
import { Option, type Command } from 'commander'
import { languages, pluginKinds } from '../../plugins/new/project.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import type { NewOptions } from './new.js'
import type { TestPluginOptions } from './test.js'

const help = `
Examples:
  tapio plugin new tapio-plugin-quiet                      a processor in TypeScript, with tests and a configuration that runs it
  tapio plugin new my-source --kind receiver --language javascript
  tapio plugin test                                        the plugin of this folder, as Tapio would load it
  tapio plugin check ./tapio-plugin-quiet                  what a registry would look at, without running it in a pipeline
`

export function addPluginCommands (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  const plugin = program.command('plugin').description('make, check and test a plugin').addHelpText('after', help)
  plugin.command('new').description('begin a plugin: a project that builds, tests and runs at once')
    .argument('<name>', 'of its package: tapio-plugin-…')
    .addOption(new Option('--kind <kind>', 'of its component').choices(pluginKinds).default('processor'))
    .addOption(new Option('--language <language>', 'which it is written in').choices(languages).default('typescript'))
    .option('--directory <folder>', 'where (default: a folder of its name, here)')
    .option('--tapio <spec>', 'where npm finds Tapio: a range, or file:PATH (default: where this one is from)')
    .action(async (name: string, options: NewOptions) => done(await (await import('./new.js')).newPlugin(name, options, io)))
  plugin.command('check').description('what a registry would look at: package, version range, permissions, imports')
    .argument('[path]', 'folder of a package, or a file', '.')
    .action(async (path: string) => done(await (await import('./check.js')).checkPlugin(path, io)))
  plugin.command('test').description('load a plugin as Tapio would, ask the contract of its components, isolated and not, run its own tests')
    .argument('[path]', 'folder of a package, or a file', '.')
    .option('--no-contract', 'without the contract')
    .option('--no-own', 'without its own tests')
    .action(async (path: string, options: TestPluginOptions) => done(await (await import('./test.js')).testPlugin(path, options, io)))
}
