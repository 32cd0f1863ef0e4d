/** A new plugin as files in memory: what `tapio plugin new` writes. */
import { exporter } from './templates/exporter.js'
import { processor } from './templates/processor.js'
import { receiver } from './templates/receiver.js'
import { inLanguage, type Names, type Template } from './templates/template.js'
import { componentType } from './names.js'

export const pluginKinds = ['receiver', 'processor', 'exporter'] as const
export type PluginKind = typeof pluginKinds[number]
export const languages = ['typescript', 'javascript'] as const
export type Language = typeof languages[number]

export interface ProjectOptions {
  /** Of the package (names.ts says which are good). */
  readonly name: string
  readonly kind: PluginKind
  readonly language: Language
  /** Of the Tapio it is made for. */
  readonly version: string
  /** Where npm finds that Tapio: a range, or `file:…`. */
  readonly tapio: string
}

const templates: Readonly<Record<PluginKind, Template>> = { receiver, processor, exporter }

/** The compiler and the types of Node that a new project begins with; those Tapio is itself built with. */
const compiler = { '@types/node': '^20.19.0', typescript: '^5.9.0' }

/** Text by path, relative to the folder of the project. */
export function pluginProject (options: ProjectOptions): ReadonlyMap<string, string> {
  const { name, kind, language, version } = options
  const template = templates[kind]
  const names: Names = { name, type: componentType(name), range: `^${version}` }
  const extension = language === 'typescript' ? 'ts' : 'js'
  return new Map([
    ['package.json', packageJson(options, names, template, extension)],
    [`src/index.${extension}`, inLanguage(template.source(names), language)],
    [`src/index.test.${extension}`, inLanguage(template.test(names), language)],
    ['tapio.yaml', `# npm start runs it, and loads it again when the plugin or this file changes.\n${template.config(names)}`],
    ['README.md', readme(names, kind, template, extension)],
    ['.gitignore', 'node_modules/\n*.tgz\n'],
    ...language === 'typescript' ? [['tsconfig.json', tsconfig] as const] : []
  ])
}

function packageJson ({ name, language, tapio }: ProjectOptions, { range }: Names, { summary }: Template, extension: string): string {
  return `${JSON.stringify({
    name,
    version: '0.1.0',
    description: summary,
    license: 'MIT',
    type: 'module',
    keywords: ['tapio-plugin'],
    tapio: { plugin: `./src/index.${extension}` },
    exports: `./src/index.${extension}`,
    files: ['src', `!src/**/*.test.${extension}`],
    scripts: {
      build: language === 'typescript' ? 'tsc && tapio plugin check' : 'tapio plugin check',
      test: 'tapio plugin test',
      start: 'tapio --config tapio.yaml --watch',
      prepublishOnly: 'npm run build && npm test'
    },
    peerDependencies: { tapio: range },
    devDependencies: { ...language === 'typescript' ? compiler : {}, tapio }
  }, null, 2)}\n`
}

/** Nothing is compiled to a folder: Tapio builds TypeScript when it loads a plugin. */
const tsconfig = `${JSON.stringify({
  compilerOptions: { target: 'ES2022', module: 'NodeNext', lib: ['ES2023'], types: ['node'], strict: true, exactOptionalPropertyTypes: true, verbatimModuleSyntax: true, isolatedModules: true, skipLibCheck: true, noEmit: true },
  include: ['src']
}, null, 2)}\n`

function readme ({ name, type, range }: Names, kind: PluginKind, { summary, tryIt, config }: Template, extension: string): string {
  return `# ${name}
${summary} A ${kind} for [Tapio](https://www.npmjs.com/package/tapio) ${range}.

\`\`\`yaml
${config({ name, type, range }).replace('path: .', `name: ${name}`)}\`\`\`

Its options are in the schema of [src/index.${extension}](src/index.${extension}); \`npx tapio schema --config tapio.yaml > schema.json\` gives them to an editor.

## Work on it
\`\`\`sh
npm install
npm test          # as Tapio would load it: what every component holds, isolated and not; then src/*.test.${extension}
npm start         # runs tapio.yaml; an edit of the plugin is loaded while it runs
npm run build     # ${extension === 'ts' ? 'types, and ' : ''}what a registry would look at
\`\`\`

${tryIt}

## Publish it
\`\`\`sh
npm publish --dry-run    # what would go out: the sources, without tests. Tapio builds ${extension === 'ts' ? 'TypeScript' : 'a plugin'} when it loads it
npm publish
\`\`\`
Who wants it runs \`npm install ${name}\` beside the configuration, and names it there: \`plugins: [{name: ${name}}]\`.
- \`version\` in package.json and in \`definePlugin\` are the same; raise both.
- \`tapio: '${range}'\` in \`definePlugin\` is the range of Tapio it runs on, \`peerDependencies\` tells npm the same. Another Tapio refuses to load it.
- \`permissions\` say what it may reach; who runs it sees them in \`tapio components\`.
`
}
