// Scenario: a real Chromium and the API's real HTTP server, over services of the test's own: what a running Tapio seldom does.
// Guarantees: a token is asked for and kept in the tab alone; a stream that breaks is taken up where it was; errors are told in the
// API's own words and can be tried again; 10 000 incidents are a list as quick as one of ten; a Tapio without topology or pipelines
// says so; losses on an edge are seen.
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { join } from 'node:path'
import type { Browser } from 'puppeteer-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ApiError } from '../../core/api/call.js'
import { IncidentSchema, type SubscribeToIncidentsRequest, type GetIncidentsRequest } from '../../core/api/gen/tapio/v1/incident_pb.js'
import type { PipelineStateSchema } from '../../core/api/gen/tapio/v1/runtime_pb.js'
import { startForTest, type TestMethods, type TestSettings, type TestServer } from '../../core/api/http/server-for-test.js'
import { faultsOf } from './accessible.js'
import { chromium, launchBrowser, openPage, seesText, shoot } from './chromium.js'
import { root } from './tapio.js'

const states = suite('states of the page')
let browser: Browser

states.before(async () => { browser = await launchBrowser() })
states.after(async () => { await browser?.close() })

const start = Date.UTC(2026, 0, 15, 3, 0, 0)

function incident (n: number, init: { readonly status?: string, readonly title?: string } = {}): MessageInitShape<typeof IncidentSchema> {
  return { id: n.toString(16).padStart(16, '0'), version: 1, status: 'resolved', title: `Trouble ${n}`, severity: (['critical', 'high', 'medium', 'low'] as const)[n % 4] ?? 'low', startTime: timestampFromMs(start - n * 60_000), updatedTime: timestampFromMs(start - n * 60_000 + 30_000), impact: { counts: { services: 1 } }, ...init }
}

/** Says nothing until the client goes. */
function untilGone (signal: AbortSignal): Promise<void> { return new Promise(resolve => { signal.addEventListener('abort', () => { resolve() }, { once: true }) }) }

const quiet: TestMethods = {
  'TapioService.getServiceInfo': () => Promise.resolve({ version: 'test', host: 'nowhere', mode: 'serve' }),
  'TapioService.healthCheck': () => Promise.resolve({ status: 'serving', live: true, ready: true }),
  'CorrelationService.getIncidents': () => Promise.resolve({}),
  'CorrelationService.subscribeToIncidents': async function * (_request: never, { signal }: { readonly signal: AbortSignal }) { yield { resumeToken: 'a' }; await untilGone(signal) }
}

function serve (methods: TestMethods, settings: TestSettings = {}): Promise<TestServer> {
  return startForTest({ ...quiet, ...methods }, { ...settings, options: { page: join(root, 'dist', 'core', 'api', 'page') } })
}

states('a token is asked for, refused, taken, and kept over a reload', async () => {
  await using server = await serve({}, { gate: { enter: (_method, { authorization, address }) => {
    if (authorization !== 'Bearer right') throw new ApiError('UNAUTHENTICATED', authorization === undefined ? 'this API needs a token' : 'this token is not known here')
    return { caller: { name: 'test', address, scope: 'read' }, end: () => undefined }
  } } })
  const { page } = await openPage(browser)
  await page.goto(server.url)
  await page.waitForSelector('input[type=password]')
  assert.equal(await faultsOf(page), [])
  await shoot(page, 'token-light-desktop')
  await page.type('input[type=password]', 'wrong')
  await page.keyboard.press('Enter')
  await seesText(page, 'this token is not known here')
  await page.$eval('input[type=password]', i => { i.value = '' })
  await page.type('input[type=password]', 'right')
  await page.keyboard.press('Enter')
  await seesText(page, 'No incidents')
  await page.reload()
  await seesText(page, 'No incidents')
  assert.is(await page.evaluate(() => Object.keys(localStorage).join()), '', 'it is nowhere but in the tab')
  assert.not.match(page.url(), /right/)
})

states('a stream that breaks is taken up where it was', async () => {
  const resumed: string[] = []
  await using server = await serve({
    'CorrelationService.subscribeToIncidents': async function * ({ resumeToken }: SubscribeToIncidentsRequest, { signal }: { readonly signal: AbortSignal }) {
      resumed.push(resumeToken)
      yield { changes: [{ kind: 'opened', incident: incident(resumed.length, { status: 'open', title: `Opened ${resumed.length}` }) }], resumeToken: `token ${resumed.length}` }
      if (resumed.length < 3) throw new ApiError('UNAVAILABLE', 'the store is being replaced', { retryAfterMs: 50 })
      await untilGone(signal)
    } as never
  })
  const { page } = await openPage(browser)
  await page.goto(server.url)
  await page.waitForFunction(() => document.querySelectorAll('.incident-row').length === 3)
  await page.waitForSelector('.page-head .state.good')
  assert.equal(resumed, ['', 'token 1', 'token 2'])
})

states('a stream that is refused for good is told and not tried again', async () => {
  let asked = 0
  await using server = await serve({ 'TapioService.watchPipelines': async function * () { asked++; yield * []; throw new ApiError('FAILED_PRECONDITION', 'only a store is served here: there are no pipelines') } as never })
  const { page } = await openPage(browser)
  await page.goto(`${server.url}/pipelines`)
  await seesText(page, 'only a store is served here: there are no pipelines')
  assert.equal(await faultsOf(page), [])
  await shoot(page, 'pipelines-none-light-desktop')
  await page.waitForFunction(() => document.querySelector('.page-head .state.bad') !== null)
  assert.is(asked, 1)
})

states('an error is told in the words of the API and can be tried again', async () => {
  let broken = true
  await using server = await serve({ 'CorrelationService.getIncidents': () => broken ? Promise.reject(new ApiError('FAILED_PRECONDITION', 'no store is configured: add the exporter `store`')) : Promise.resolve({ incidents: [incident(1)] }) })
  const { page } = await openPage(browser)
  await page.goto(server.url)
  await seesText(page, 'no store is configured: add the exporter `store`')
  await shoot(page, 'list-failure-light-desktop')
  broken = false
  await page.evaluate(() => { [...document.querySelectorAll<HTMLElement>('button')].find(b => b.textContent === 'Try again')?.click() })
  await page.waitForSelector('.incident-row')
  assert.is(await page.$('.failure'), null)
})

states('ten thousand incidents: a page at once, the rest as it is read, few of them drawn', async () => {
  const all = Array.from({ length: 10_000 }, (_, n) => incident(n))
  await using server = await serve({ 'CorrelationService.getIncidents': (({ page }: GetIncidentsRequest) => {
    const from = Number(page?.token ?? 0)
    const to = from + (page?.size ?? 100)
    return Promise.resolve({ incidents: all.slice(from, to).map(i => create(IncidentSchema, i)), nextPageToken: to < all.length ? String(to) : '' })
  }) as never })
  const { page, complaints } = await openPage(browser)
  await page.goto(server.url)
  await page.waitForSelector('.incident-row')
  await page.waitForFunction(() => { scrollTo(0, document.body.scrollHeight); return document.querySelector('.incident-section h2')?.textContent === 'Resolved 10000' }, { polling: 50 })
  assert.ok(await page.$$eval('.incident-row', rows => rows.length) < 120)
  await page.keyboard.press('/')
  await page.keyboard.type('9999')
  await page.waitForFunction(() => document.querySelectorAll('.incident-row').length === 1)
  assert.equal(complaints, [])
})

const flow = (look: number): MessageInitShape<typeof PipelineStateSchema> => ({
  time: timestampFromMs(start + look * 1000), window: { seconds: 1n }, mode: 'standard', pipelines: ['main'],
  components: [{ name: 'receiver/otlp', kind: 'receiver', id: 'otlp', state: 'ok' }, { name: 'pipeline/main', kind: 'pipeline', id: 'main' }, { name: 'exporter/otlp', kind: 'exporter', id: 'otlp', state: 'recoverable_error', reason: '127.0.0.1:4317 refuses connections' }],
  edges: [
    { from: 'receiver/otlp', to: 'pipeline/main', pipeline: 'main', sent: BigInt(look * 1200), accepted: BigInt(look * 1200), eventsPerSecond: 1200, latencyP50Ms: 0.4, latencyP99Ms: 3.2 },
    { from: 'pipeline/main', to: 'exporter/otlp', pipeline: 'main', sent: BigInt(look * 1200), accepted: BigInt(look * 1100), eventsPerSecond: 1200, latencyP99Ms: 80, drops: [{ reason: 'retries_exhausted', events: BigInt(look * 100) }] }
  ],
  rings: [{ id: 'main:in:worker', from: ['main'], to: 'worker', usedBytes: 7_800_000n, capacityBytes: 8_388_608n, lostEvents: 3n }],
  threads: [{ name: 'main', utilization: 0.97, delayP99Ms: 40, heapBytes: 50_000_000n }], process: { rssBytes: 300_000_000n, cpuCores: 1.4, cpuSeconds: 30, uptimeSeconds: 4000 }
})

states('what is lost is seen where it is lost, with the reason', async () => {
  await using server = await serve({ 'TapioService.watchPipelines': async function * (_request: never, { signal }: { readonly signal: AbortSignal }) {
    for (let look = 1; look < 5; look++) yield { state: flow(look) }
    await untilGone(signal)
  } as never })
  for (const theme of ['light', 'dark'] as const) {
    const { page, complaints } = await openPage(browser, { theme })
    await page.goto(`${server.url}/pipelines`)
    await page.waitForSelector('button.graph-words.bad')
    assert.match(await page.$eval('button.graph-words.bad', b => b.title), /pipeline\/main to exporter\/otlp.*loses events, 400 lost so far/)
    assert.match(await page.$eval('.flow-side', s => s.textContent), /retries exhaustedpipeline\/main → exporter\/otlp400/)
    assert.is(await page.$eval('[role=meter][aria-label="Fill of main:in:worker"]', m => m.getAttribute('aria-valuenow')), '93')
    await page.waitForSelector('.chart canvas')
    assert.equal(await faultsOf(page), [])
    await shoot(page, `pipelines-losing-${theme}-desktop`)
    assert.equal(complaints, [])
  }
})

states('what is not there is said: views, incidents, topology', async () => {
  await using server = await serve({ 'CorrelationService.getIncident': () => Promise.reject(new ApiError('NOT_FOUND', 'there is no incident 00ff')) })
  const { page } = await openPage(browser)
  await page.goto(`${server.url}/nowhere`)
  await seesText(page, 'There is no such page')
  await page.goto(`${server.url}/incidents/00ff`)
  await seesText(page, 'there is no incident 00ff')
  await page.goto(`${server.url}/topology`)
  await seesText(page, 'not in this test')
})

if (chromium === undefined) console.log('SKIP states of the web page: no Chromium here (Debian: apt-get install chromium), or set CHROMIUM')
else states.run()
