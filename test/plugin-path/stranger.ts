/** From an empty folder to a plugin that is published, edited while it runs and used by its name: what a stranger does, by README alone. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { Transcript, type RunningCommand } from './transcript.js'

export interface StrangerOptions {
  /** The repository, built. */
  readonly repository: string
  readonly language: 'typescript' | 'javascript'
  /** A tarball of `npm pack`, installed by npm. Left out: Tapio is a link in node_modules, and nothing is installed. */
  readonly tarball?: string
  print (text: string): void
}

export interface StrangerReport {
  readonly minutes: number
  readonly steps: Transcript['steps']
  /** Paths whose log records came out: before the edit, and after it. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly tests: string
  readonly published: readonly string[]
  readonly components: string
  readonly exit: number
}

const name = 'tapio-plugin-quiet'
/** What the SDK says was asked for. */
const paths = ['/healthz', '/livez', '/metrics', '/orders', '/cart']

interface Pipeline { readonly running: RunningCommand, readonly url: string }

export async function stranger (options: StrangerOptions): Promise<StrangerReport> {
  const root = mkdtempSync(join(tmpdir(), 'tapio-stranger-'))
  let pipeline: Pipeline | undefined
  try {
    const transcript = new Transcript(options.print, join(root, 'node_modules/.bin'))
    const folder = join(root, name)
    await install(transcript, root, options)
    await begin(transcript, root, folder, options)
    const tests = await edit(transcript, folder, options)
    transcript.say('a pipeline with a real OpenTelemetry SDK in front of it')
    writePipeline(root)
    await transcript.run('npx tapio validate --config pipeline.yaml && npx tapio components --config pipeline.yaml -o json | grep -A 3 \'"plugin"\'', root)
    pipeline = await start(transcript, root)
    const { url } = pipeline
    const before = await transcript.step('the SDK sends five log records', async () => await send(url, join(root, 'out.jsonl'), paths, 2))
    options.print(`came out: ${before.join(', ')}\n`)
    const after = await editWhileItRuns(transcript, root, folder, pipeline, options)
    const { running } = pipeline
    const exit = await transcript.step('Ctrl-C', async () => await running.end())
    const { published, components } = await publish(transcript, root, folder)
    options.print(`\n${transcript.minutes.toFixed(1)} minutes of machine time, ${transcript.steps.length} steps\n`)
    return { minutes: transcript.minutes, steps: transcript.steps, before, after, tests, published, components, exit }
  } finally {
    pipeline?.running.kill()
    rmSync(root, { recursive: true, force: true })
  }
}

async function install (transcript: Transcript, root: string, { tarball, repository }: StrangerOptions): Promise<void> {
  transcript.say('an empty folder')
  if (tarball !== undefined) {
    await transcript.run(`npm init -y > /dev/null && npm install ${tarball}`, root)
    return
  }
  writeFileSync(join(root, 'package.json'), '{"private": true}')
  link(join(root, 'node_modules'), repository)
}

/** As `npm link` leaves it. */
function link (modules: string, repository: string): void {
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(repository, join(modules, 'tapio'))
  const main = join(modules, '.bin/tapio')
  writeFileSync(main, `#!/bin/sh\nexec ${process.execPath} ${join(repository, 'dist/core/cli/main.js')} "$@"\n`, { mode: 0o755 })
}

async function begin (transcript: Transcript, root: string, folder: string, { language, tarball }: StrangerOptions): Promise<void> {
  transcript.say('a plugin')
  await transcript.run(`npx tapio plugin new ${name} --language ${language}`, root)
  if (tarball === undefined) return
  await transcript.run('npm install', folder)
  await transcript.run('npm run build', folder)
}

/** The stranger wants another path dropped, in the plugin and in its tests. */
async function edit (transcript: Transcript, folder: string, { language, tarball }: StrangerOptions): Promise<string> {
  const extension = language === 'typescript' ? 'ts' : 'js'
  transcript.say(`an edit of src/index.${extension}: /livez and /metrics are dropped, too; its test first, which fails`)
  const test = join(folder, `src/index.test.${extension}`)
  change(test, 'source.send(check, order, { signal', 'source.send(check, { ...check, attributes: { \'url.path\': \'/livez\' } }, order, { signal')
  change(test, 'assert.equal(drops.get(\'unwanted\'), 1)', 'assert.equal(drops.get(\'unwanted\'), 2)')
  const command = tarball === undefined ? 'tapio plugin test --no-contract' : 'npm test'
  await transcript.run(`${command} | tail -n 30`, folder)
  await transcript.run(`${command} > /dev/null`, folder, 1)
  change(join(folder, `src/index.${extension}`), '[\'/healthz\', \'/readyz\']', '[\'/healthz\', \'/readyz\', \'/livez\', \'/metrics\']')
  return await transcript.run(tarball === undefined ? 'tapio plugin test' : 'npm test', folder)
}

/** Throws when there is no such text: the template is another than this path was written for. */
function change (file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, text.replace(from, to))
}

function writePipeline (root: string): void {
  writeFileSync(join(root, 'pipeline.yaml'), `plugins:
  - path: ./${name}
receivers:
  otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}
processors:
  quiet: {}
exporters:
  file: {path: out.jsonl, format: json}
service:
  reload: {interval: 100ms}
  telemetry: {logs: {format: json}, metrics: {endpoint: 127.0.0.1:0}}
  pipelines:
    main: {receivers: [otlp], processors: [quiet], exporters: [file]}
`)
}

async function start (transcript: Transcript, root: string): Promise<Pipeline> {
  const running = transcript.start('tapio --config pipeline.yaml --watch', root)
  try {
    return { running, url: `http://127.0.0.1:${await transcript.step('it runs', async () => await portOf(running))}/v1/logs` }
  } catch (error) {
    running.kill()
    throw error
  }
}

async function portOf (running: RunningCommand): Promise<number> {
  await running.line(/"tapio is running"/)
  return (JSON.parse(await running.line(/"listening"/)) as { port: number }).port
}

/** Sends a log record a path by the official SDK; the paths in `file` once there are `count` more lines. */
async function send (url: string, file: string, asked: readonly string[], count: number): Promise<string[]> {
  const had = pathsIn(file).length
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url }) })] })
  const logger = provider.getLogger('stranger')
  for (const path of asked) logger.emit({ severityNumber: 9, body: `asked for ${path}`, attributes: { 'url.path': path } })
  await provider.forceFlush()
  await provider.shutdown()
  const endMs = performance.now() + 30_000
  while (pathsIn(file).length < had + count) {
    if (performance.now() > endMs) throw new Error(`${file} has ${pathsIn(file).length - had} of ${count} new lines`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return pathsIn(file).slice(had).sort()
}

function pathsIn (file: string): string[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8').split('\n').slice(0, -1).map(line => (JSON.parse(line) as { attributes: Record<string, string> }).attributes['url.path'] ?? '?')
}

async function editWhileItRuns (transcript: Transcript, root: string, folder: string, { running, url }: Pipeline, { language, print }: StrangerOptions): Promise<string[]> {
  transcript.say('an edit while it runs: /cart is dropped, too')
  const seen = running.lines.length
  change(join(folder, `src/index.${language === 'typescript' ? 'ts' : 'js'}`), '\'/metrics\']', '\'/metrics\', \'/cart\']')
  const said = await transcript.step('it is loaded', async () => await running.line(/the configuration was (not )?reloaded/, seen))
  const { msg, changes, reason } = JSON.parse(said) as { msg: string, changes?: string, reason?: string }
  print(`${msg}: ${changes ?? reason ?? ''}\n`)
  if (reason !== undefined) throw new Error(`the edit was not loaded: ${reason}`)
  const after = await transcript.step('the SDK sends five more', async () => await send(url, join(root, 'out.jsonl'), paths, 1))
  print(`came out: ${after.join(', ')}\n`)
  return after
}

/** Packs it as `npm publish` would, and uses it by its name in a folder of its own. */
async function publish (transcript: Transcript, root: string, folder: string): Promise<Pick<StrangerReport, 'published' | 'components'>> {
  transcript.say('published, and used by its name')
  await transcript.run('tapio plugin check', folder)
  const packed = JSON.parse(await transcript.run('npm pack --json --silent', folder)) as { filename: string, files: { path: string }[] }[]
  const [{ filename, files }] = packed as [{ filename: string, files: { path: string }[] }]
  const user = join(root, 'user')
  mkdirSync(join(user, 'node_modules'), { recursive: true })
  await transcript.run(`mkdir -p node_modules/${name} && tar -xzf ../${name}/${filename} --strip-components=1 -C node_modules/${name}`, user)
  writeFileSync(join(user, 'tapio.yaml'), readFileSync(join(root, 'pipeline.yaml'), 'utf8').replace(`path: ./${name}`, `name: ${name}`))
  const components = await transcript.run(`tapio validate --config tapio.yaml && tapio components --config tapio.yaml | grep -A 2 ${name}`, user)
  if (readdirSync(join(user, 'node_modules', name)).includes('node_modules')) throw new Error('the published plugin brings packages')
  return { published: files.map(f => f.path).sort(), components }
}
