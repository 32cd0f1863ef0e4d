/**
 * Scenario: the source of a plugin is edited under load, good and bad edits in turn: another build, a syntax error, one that throws as it is
 * made, one for another Tapio; then it is taken out of the configuration. Tapio watches the files by itself (`--watch`), the plugin runs in a
 * thread of its own and in those of Tapio.
 * Guarantees: after a good edit the new build does the work; a bad one is told with its place and changes nothing; no connection is refused,
 * nothing that was acknowledged is lost, nothing is delivered twice; of old builds no file stays, and the API, which knows plugins too, asks for none.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import * as assert from 'uvu/assert'
import { freePort } from '../../free-port.js'
import { eventually, faultSuite, finish, line, load, long, metricsOf, settled, start } from './scene.js'

const rounds = long ? 30 : 6
const faults = faultSuite('an edited plugin under load')

interface Build { readonly number: number, readonly create?: string, readonly tapio?: string, readonly behind?: string }

const source = ({ number, create = '', tapio = '>=0.1.0', behind = '' }: Build): string => `
import { defineComponent, definePlugin, Options, type Consumer, type EventBatch } from 'tapio/plugin'

const stamped = { name: 'stamped_events', kind: 'counter', unit: 'events', description: 'Rows that passed, by build.', attributes: ['build'] } as const

export default definePlugin({
  name: 'tapio-plugin-stamp', version: '1.0.${number}', tapio: '${tapio}',
  components: [defineComponent({
    kind: 'processor', type: 'stamp', description: 'Counts what passes.', stability: 'alpha', signals: ['logs'], schema: Options({}), concurrency: 'stateless', metrics: [stamped], drops: {},
    create (services) {
      ${create}
      const next: Consumer = services.get('next')
      const counter = services.get('meter').counter(stamped, { build: '${number}' })
      return { consume (batch: EventBatch) { counter.add(batch.count); return next.consume(batch) } }
    }
  })]
})
${behind}
`

interface Config { plugins?: unknown, processors?: unknown, service: { reload?: unknown, api?: unknown, pipelines: { logs: { processors?: string[] } } }, [key: string]: unknown }

for (const isolation of ['worker', 'none']) {
  faults(`isolation: ${isolation}: ${rounds} edits under load, good and bad ones in turn`, async context => {
    const [file, plugin] = [join(context.folder, 'tapio.yaml'), join(context.folder, 'stamp.ts')]
    const temporary = join(context.folder, 'tmp')
    mkdirSync(temporary)
    const bundles = (): string[] => readdirSync(temporary).filter(name => name.startsWith('tapio-plugins-'))
    const edit = (build: Build): void => { writeFileSync(plugin, source(build)) }
    edit({ number: 0 })
    let base = ''
    const apiPort = await freePort()
    const scene = await start(context, {
      supervised: { env: { TMPDIR: temporary } },
      config: text => {
        base = text
        const config = parse(text) as Config
        config.plugins = [{ path: './stamp.ts', isolation }]
        config.processors = { stamp: {} }
        config.service.pipelines.logs.processors = ['stamp']
        config.service.reload = { interval: '100ms' }
        config.service.api = { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: `127.0.0.1:${apiPort}` } }
        writeFileSync(file, stringify(config))
        return ['--config', file, '--watch']
      }
    })
    const { ledger, tapio } = scene
    await tapio.running
    let [number, sent] = [0, 0]
    const send = (records: number, pauseMs: number): (() => Promise<unknown>) => {
      sent += records
      return load(scene, records, pauseMs, sent - records)
    }
    const bad: readonly (() => [Build, RegExp])[] = [
      () => [{ number: 1000, behind: 'export const = 1' }, /stamp\.ts:\d+:\d+: Expected identifier/],
      () => [{ number: 1001, create: 'throw new Error(\'not today\')' }, /not today/],
      () => [{ number: 1002, tapio: '^7.0.0' }, /written for Tapio \^7\.0\.0/]
    ]
    const counted = async (build: number): Promise<number> => (await metricsOf(scene)).sum('tapio_stamped_events_total', { build: String(build) })
    for (let i = 0; i < rounds; i++) {
      const during = send(400, 20)
      const known = tapio.log.length
      const news = (wanted: RegExp): Promise<unknown> => eventually(`the log says ${wanted.source}`, () => tapio.log.slice(known), log => wanted.test(log))
      if (i % 2 === 0) {
        edit({ number: ++number })
        await news(/processor\/stamp changed/)
      } else {
        const [build, told] = (bad[(i >> 1) % bad.length] as () => [Build, RegExp])()
        edit(build)
        await news(told)
        await news(/was not reloaded/)
        assert.is(await counted(build.number), 0)
      }
      await during()
      const before = await counted(number)
      await send(40, 0)()
      assert.is(await counted(number), before + 40, `build ${number} does the work`)
    }
    await settled(scene)
    const analysis = await fetch(`http://127.0.0.1:${apiPort}/v1/events:analyze`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ events: [{ id: '1'.repeat(32), name: 'Evicted', source: 'kubernetes', severityNumber: 17, time: new Date().toISOString() }] }) })
    assert.is(analysis.status, 200, await analysis.text())
    assert.equal(bundles().map(name => readdirSync(join(temporary, name)).length), [1], 'one build is kept')
    // Without the plugin the pipeline is another one, and goes on.
    writeFileSync(file, base.replace('service:', 'service:\n  reload: {interval: 100ms}'))
    await eventually('the plugin is gone', () => tapio.log, log => /processor\/stamp removed/.test(log))
    await send(200, 1)()
    await settled(scene)
    await finish(scene)
    const totals = ledger.totals()
    console.log(`\nREPORT isolation: ${isolation}: ${number} good and ${rounds - number} bad edits of a plugin under load: ${line(totals)}`)
    assert.equal([totals.lost, totals.acknowledged, totals.deliveredAgain], [[], sent, 0])
    assert.equal(bundles(), [], 'nothing is left of it')
  })
}

faults.run()
