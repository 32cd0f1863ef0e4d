/**
 * Scenario: configurations that name plugins, as people run them.
 * Guarantees: a plugin's component is checked, listed, in the editor's schema and in the graph like any other, and does its work in a
 * pipeline of the real program; a plugin that cannot be used is a fault with file and line.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js')
const test = suite('plugins of a configuration')
const folder = mkdtempSync(join(tmpdir(), 'tapio-cli-plugins-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function tapio (...args: readonly string[]): { readonly code: number | null, readonly out: string, readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 60_000, cwd: folder })
  return { code: status, out: stdout, err: stderr }
}

function write (name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

write('plugins/shout.ts', `
import { accepted, BatchBuilder, defineComponent, definePlugin, Options, Type, type Consumer, type EventBatch, type Outcome, type Services, type Static } from 'tapio/plugin'

const sourceSchema = Options({ words: Type.Array(Type.String(), { default: ['hello'], description: 'What to say.' }) })
const schema = Options({ suffix: Type.String({ default: '!', maxLength: 3, description: 'What is put behind it.' }) })

function source (services: Services) {
  const next = services.get('next')
  const { words } = services.get('config') as Static<typeof sourceSchema>
  return {
    async start (host: { finish (reason: string): void }): Promise<void> {
      const builder = new BatchBuilder()
      for (const word of words) builder.append({ type: 'log', signal: 'logs', message: word })
      setImmediate(async () => { await next.consume(builder.finish()); host.finish('all is said') })
    }
  }
}

function shout (next: Consumer, suffix: string) {
  return {
    consume (batch: EventBatch): Outcome | Promise<Outcome> {
      const builder = new BatchBuilder(batch.count)
      for (const row of batch) builder.append({ ...row.toObject(), message: String(row.get('message')).toUpperCase() + suffix })
      return next.consume(builder.finish())
    }
  }
}

const common = { stability: 'beta', signals: ['logs'], metrics: [], drops: {} } as const
export default definePlugin({
  name: 'tapio-plugin-shout', version: '1.2.3', tapio: '>=0.1.0', permissions: { network: ['loud.example:443'] },
  components: [
    defineComponent({ ...common, kind: 'receiver', type: 'words', description: 'Says words.', concurrency: 'single', schema: sourceSchema, create: source }),
    defineComponent({ ...common, kind: 'processor', type: 'shout', description: 'Makes text loud.', concurrency: 'stateless', schema, create: services => shout(services.get('next'), (services.get('config') as Static<typeof schema>).suffix) }),
    defineComponent({ ...common, kind: 'exporter', type: 'nowhere', description: 'Takes all.', concurrency: 'single', schema: Options({}), create: () => ({ consume: () => accepted }) })
  ]
})
`)

const config = (isolation: string, mode: string, suffix = '!!'): string => write(`${isolation}-${mode}.yaml`, `
plugins:
  - {path: plugins/shout.ts, isolation: ${isolation}}
receivers: {words: {words: [one, two]}}
processors: {shout: {suffix: '${suffix}'}}
exporters: {file: {path: ${isolation}-${mode}.json, format: json}, nowhere: {sending_queue: {enabled: true}}}
service:
  mode: ${mode}
  telemetry: {metrics: {enabled: false}, logs: {level: warn, format: json}}
  pipelines: {logs: {receivers: [words], processors: [shout], exporters: [file, nowhere]}}
`)

for (const isolation of ['worker', 'none']) {
  for (const mode of ['debug', 'standard', 'high-performance', 'ring-buffer']) {
    test(`receiver, processor and exporter in a pipeline: isolation ${isolation}, mode ${mode}`, () => {
      const { code, err } = tapio('--config', config(isolation, mode))
      assert.is(code, 0, err)
      const lines = spawnSync('cat', [join(folder, `${isolation}-${mode}.json`)], { encoding: 'utf8' }).stdout
      assert.equal([...lines.matchAll(/"message":"([^"]*)"/g)].map(m => m[1]), ['ONE!!', 'TWO!!'])
    })
  }
}

test('its options are checked where they are written', () => {
  const { code, err } = tapio('validate', '--config', config('worker', 'debug', 'far too long'))
  assert.is(code, 78)
  assert.match(err, /error\[CFG037\]: `suffix` must have at most 3 characters\n --> .*worker-debug\.yaml:5:30/)
})

test('components shows what it is and what it may reach, schema its options, graph its place', () => {
  const path = config('worker', 'standard')
  const listed = (JSON.parse(tapio('components', '--config', path, '-o', 'json').out) as { type: string, plugin?: object }[]).find(c => c.type === 'shout')
  assert.equal(listed?.plugin, { name: 'tapio-plugin-shout', version: '1.2.3', from: 'plugins/shout.ts', isolation: 'worker', permissions: { network: ['loud.example:443'] } })
  assert.match(tapio('components', '--config', path).out.replace(/\s*│\s*\n?│[\s│]*/g, ' '), /tapio-plugin-shout 1\.2\.3, in a thread of its own/)
  const schema = JSON.parse(tapio('schema', '--config', path).out) as { definitions: Record<string, { properties: Record<string, unknown> }> }
  assert.equal(schema.definitions['processor.shout']?.properties['suffix'], { type: 'string', default: '!', maxLength: 3, description: 'What is put behind it.' })
  assert.match(tapio('graph', '--config', path).out, /shout/)
})

test('a plugin that cannot be used is a fault of the file that names it', () => {
  const path = write('gone.yaml', 'plugins:\n  - path: plugins/shout.ts\n  - name: tapio-plugin-gone\nreceivers: {words: }\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [words], exporters: [debug]}}}\n')
  const { code, err } = tapio('validate', '--config', path)
  assert.is(code, 78)
  assert.match(err, /error\[CFG076\]: package tapio-plugin-gone is not installed\n --> .*gone\.yaml:3:5[\s\S]*npm install tapio-plugin-gone/)
  assert.match(tapio('validate', '--config', write('typo.yaml', 'plugins: [{pth: x}]\nreceivers: {otlp: }\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n')).err, /`pth`[\s\S]*typo\.yaml:1:12[\s\S]*path/)
})

test.run()
