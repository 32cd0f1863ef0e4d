// Scenario: a real Tapio in a process of its own gets the demo incident from another one while a real Chromium looks at its page.
// Guarantees: what happens is seen without a reload; the whole way from the list to a raw event works by keyboard alone; every view
// says what the API says; links, reload and the back button lead to the same; no console error and nothing against the page's
// content policy; controls have names and text has contrast, in both themes and both sizes.
import type { Browser, Page } from 'puppeteer-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../faults/delivery/scene.js'
import { faultsOf } from './accessible.js'
import { chromium, launchBrowser, openPage, patientMs, screenshots, seesText, shoot, type Size, type Theme, type Watched } from './chromium.js'
import { sendDemo, startServer, type Tapio } from './tapio.js'

const demo = suite('the page of a real Tapio')
const cause = 'Memory exhaustion on node node-7'

let browser: Browser
let server: Tapio
let sender: Tapio | undefined
let url: string
let socket: string
let watched: Watched
let incident = ''

const active = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.closest('[data-key], [data-box]')?.textContent ?? document.activeElement?.id ?? '')
const rowsOf = (page: Page): Promise<number> => page.$$eval('.incident-row', rows => rows.length)

interface IncidentJson { readonly id: string, readonly title: string, readonly status: string, readonly chain?: readonly { readonly causes?: readonly { readonly step?: number }[], readonly evidence?: readonly { readonly eventId?: string }[] }[], readonly version?: number, readonly impact: { readonly affected: readonly unknown[], readonly counts: { readonly services?: number } } }

async function api<T> (path: string): Promise<T> {
  const response = await fetch(`${url}${path}`)
  assert.is(response.status, 200, `${path}: ${await response.clone().text()}`)
  return await response.json() as T
}

demo.before(async () => {
  browser = await launchBrowser()
  const started = await startServer()
  server = started.tapio
  url = started.url
  socket = started.socket
  watched = await openPage(browser)
})

demo.after(async () => {
  await browser?.close()
  await sender?.stop()
  await server?.stop()
  console.log(`\nREPORT screenshots are in ${screenshots}`)
})

demo('an empty list says so, and that it is live', async () => {
  const { page } = watched
  await page.goto(url)
  await seesText(page, 'No incidents')
  await page.waitForSelector('.page-head .state.good')
  await shoot(page, 'list-empty-light-desktop')
})

demo('an incident comes into the open list by itself and is announced', async () => {
  const { page } = watched
  await page.evaluate(() => { (window as unknown as { kept: boolean }).kept = true })
  sender = await sendDemo(socket)
  await page.waitForFunction(title => [...document.querySelectorAll('.incident-row')].some(row => row.textContent.includes(title)), { timeout: patientMs }, cause)
  await page.waitForFunction(() => document.getElementById('announcements')?.textContent.startsWith('New incident') === true)
  assert.ok(await page.evaluate(() => (window as unknown as { kept?: boolean }).kept), 'the page was not loaded again')
  await page.waitForFunction(() => document.title.startsWith('('))
  await shoot(page, 'list-live-light-desktop')
})

/** No new version for two seconds: the replay is over and understood. */
async function settled (): Promise<IncidentJson> {
  for (let last = -1, same = 0; ;) {
    const { incidents = [] } = await api<{ incidents?: readonly IncidentJson[] }>('/v1/incidents?status=open')
    const told = incidents.find(i => i.title === cause)
    same = told?.version === last ? same + 1 : 0
    last = told?.version ?? -1
    if (told !== undefined && same === 4) return told
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

demo('the row goes on with the incident', async () => {
  const { page } = watched
  const told = await settled()
  incident = told.id
  const { services = 0 } = told.impact.counts
  assert.ok(services > 0)
  await page.waitForFunction((id, words) => document.querySelector(`.incident-row[href$="${id}"]`)?.textContent.includes(words) === true, {}, incident, `${services} service`)
})

demo('the list is walked, filtered and opened by keyboard alone', async () => {
  const { page } = watched
  await page.keyboard.press('/')
  assert.is(await page.evaluate(() => document.activeElement?.id), 'filter')
  await page.keyboard.type('no such words')
  await seesText(page, 'Nothing fits this filter')
  assert.match(page.url(), /q=no\+such\+words/)
  for (let i = 0; i < 'no such words'.length; i++) await page.keyboard.press('Backspace')
  await page.keyboard.type('exhaustion')
  await page.waitForFunction(() => document.querySelectorAll('.incident-row').length === 1)
  await page.keyboard.press('Tab')
  await page.evaluate(() => { (document.activeElement as HTMLElement).blur() })
  await page.keyboard.press('j')
  assert.match(await active(page), new RegExp(cause))
  await page.keyboard.press('Enter')
  await page.waitForSelector('.incident h1')
  assert.is(new URL(page.url()).pathname, `/incidents/${incident}`)
  await page.goBack()
  await page.waitForFunction(() => document.querySelectorAll('.incident-row').length === 1)
  assert.match(page.url(), /q=exhaustion/, 'back shows the list as it was filtered')
})

demo('filters by severity and by entity ask what they say', async () => {
  const { page } = watched
  await page.goto(`${url}/incidents`)
  await page.waitForSelector('.incident-row')
  await page.type('input[placeholder^=Entity]', 'Pod shop/')
  await page.select('select:has(option[value=resolved])', 'open')
  await page.waitForFunction(() => location.search === '?status=open')
  await page.type('input[placeholder^=Entity]', 'nobody')
  assert.is(await page.$eval('input[placeholder^=Entity]', input => (input as HTMLInputElement).value), 'Pod shop/nobody', 'what is being typed outlives a page that is drawn anew')
  await page.keyboard.press('Enter')
  await seesText(page, 'Nothing fits this filter')
  await page.goto(`${url}/incidents?entity=${encodeURIComponent('Node node-7')}`)
  await page.waitForFunction(title => document.querySelector('.incident-row')?.textContent.includes(title) === true, {}, cause)
  await page.goto(`${url}/incidents?severity=critical`)
  await page.waitForSelector('.incident-row')
  // The list comes row by row, and the demo may still bring some.
  const critical = async (): Promise<number> => (await api<{ incidents?: readonly unknown[] }>('/v1/incidents?min_severity=critical')).incidents?.length ?? 0
  const shown = await eventually('as many rows as critical incidents', async () => [await rowsOf(page), await critical()] as const, ([rows, told]) => rows === told)
  assert.ok(shown[0] > 0)
})

demo('the incident says what the API says', async () => {
  const { page } = watched
  await page.goto(`${url}/incidents/${incident}`)
  await page.waitForSelector('.graph-box.step')
  const { incident: told } = await api<{ incident: IncidentJson }>(`/v1/incidents/${incident}`)
  assert.is(await page.$eval('h1', h => h.textContent), told.title)
  assert.is(await page.$$eval('#chain .graph-box', boxes => boxes.length), told.chain?.length)
  assert.is(await page.$$eval('.lane .mark', marks => marks.length), told.chain?.length, 'each step stands in a lane')
  assert.is(await page.$$eval('.affected-groups li', li => li.length), told.impact.affected.length)
  await page.waitForSelector('#impact .graph-box.failed')
  assert.match(await page.$eval('.actions', a => a.textContent), /kubectl cordon node-7/)
})

demo('the chain is followed by keyboard down to a raw event, and a reload shows the same', async () => {
  const { page } = watched
  await page.focus('#chain .graph-box')
  const first = await active(page)
  await page.keyboard.press('ArrowDown')
  assert.is.not(await active(page), first, 'the arrow leads to another box')
  const { incident: { chain = [] } } = await api<{ incident: IncidentJson }>(`/v1/incidents/${incident}`)
  const step = chain.findIndex(s => (s.causes ?? []).length > 0)
  const from = chain[step]?.causes?.[0]?.step ?? 0
  await page.focus(`#chain [data-box="${step}"]`)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.panel')
  assert.match(page.url(), new RegExp(`step=${step + 1}`))
  assert.match(await page.$eval('.panel .links', l => l.textContent), new RegExp(`^${from + 1}\\. `), 'what caused it is named')
  const at = page.url()
  await page.reload()
  await page.waitForSelector('.panel .links button')
  assert.is(page.url(), at)
  await shoot(page, 'incident-step-light-desktop')
  await page.focus('.panel .links button')
  await page.keyboard.press('Enter')
  await page.waitForFunction(wanted => location.search === `?step=${wanted}`, {}, from + 1)
  await page.waitForFunction(wanted => document.querySelector('.panel')?.getAttribute('aria-label') === `Step ${wanted}`, {}, from + 1)
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.querySelector('.panel') === null)
  const stored = chain.findIndex(s => (s.evidence ?? []).some(e => (e.eventId ?? '') !== ''))
  await page.focus(`#chain [data-box="${stored}"]`)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.panel .evidence button')
  await page.focus('.panel .evidence button')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.panel .json')
  assert.match(await page.$eval('.panel .json', j => j.textContent), /id ?[0-9a-f]{32}/)
  await page.keyboard.press('Escape')
})

demo('the timeline zooms and moves by key, button and wheel', async () => {
  const { page } = watched
  const seen = (): Promise<string> => page.$eval('#timeline .hint', h => h.textContent)
  const whole = await seen()
  await page.focus('.timeline')
  await page.keyboard.press('+')
  await page.waitForFunction(before => document.querySelector('#timeline .hint')?.textContent !== before, {}, whole)
  const nearer = await seen()
  const { x, y } = await page.$eval('.timeline', t => { t.scrollIntoView({ block: 'center' }); const box = t.getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + 20 } })
  await page.mouse.move(x, y)
  await page.keyboard.down('Control')
  await page.mouse.wheel({ deltaY: -200 })
  await page.keyboard.up('Control')
  await page.waitForFunction(before => document.querySelector('#timeline .hint')?.textContent !== before, {}, nearer)
  await page.focus('.timeline')
  await page.keyboard.press('0')
  await page.waitForFunction(before => document.querySelector('#timeline .hint')?.textContent === before, {}, whole)
})

demo('a trace of the incident is a tree of spans, and the story is there as text', async () => {
  const { page } = watched
  await page.click('#traces .trace-ids button')
  await page.waitForSelector('.span-row')
  assert.ok(await page.$$eval('.span-row', rows => rows.length) > 1)
  await page.click('#story button')
  await page.waitForSelector('pre.story')
  assert.match(await page.$eval('pre.story', p => p.textContent), /RECOMMENDED ACTIONS/)
})

demo('the topology shows what surrounds an object, grows, and hides kinds', async () => {
  const { page } = watched
  await page.goto(`${url}/topology`)
  await page.waitForSelector('.objects a')
  await page.keyboard.press('/')
  await page.keyboard.type('Service shop/mysql')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.graph-box.object')
  const before = await page.$$eval('.graph-box.object', boxes => boxes.length)
  await page.evaluate(() => { [...document.querySelectorAll<HTMLElement>('.graph-box.object')].find(b => b.textContent.startsWith('Pod'))?.click() })
  await page.waitForSelector('.panel')
  await page.evaluate(() => { [...document.querySelectorAll<HTMLElement>('.panel button')].find(b => b.textContent === 'Show its neighbours')?.click() })
  await page.waitForFunction(n => document.querySelectorAll('.graph-box.object').length > n, {}, before)
  await shoot(page, 'topology-grown-light-desktop')
  await page.evaluate(() => { [...document.querySelectorAll<HTMLElement>('.choice button')].find(b => b.textContent.startsWith('Pod '))?.click() })
  await page.waitForFunction(() => [...document.querySelectorAll('.graph-box.object')].every(b => !b.textContent.startsWith('Pod ')))
  assert.match(page.url(), /hide=.*Pod/)
})

demo('the pipelines are live: an event that is submitted is seen at its edge', async () => {
  const { page } = watched
  await page.goto(`${url}/pipelines`)
  await page.waitForSelector('.graph-box.component')
  const edge = await page.evaluate(() => { const words = [...document.querySelectorAll<HTMLElement>('button.graph-words')].find(b => b.title.startsWith('receiver/api to')); words?.click(); return words?.title })
  assert.ok(edge, 'the edge of the api receiver is drawn')
  await page.waitForFunction(() => document.querySelector('.panel .section-head .state.good') !== null)
  for (let i = 0; await page.$('.sample li') === null && i < 100; i++) {
    const sent = await fetch(`${url}/v1/events:batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ events: [{ time: new Date().toISOString(), type: 'log', name: 'browser.test', message: `<img src=x onerror="alert(1)"> hello ${i}` }] }) })
    assert.is(sent.status, 200, await sent.text())
    await page.waitForSelector('.sample li', { timeout: 300 }).catch(() => undefined)
  }
  assert.match(await page.$eval('.sample', s => s.textContent), /browser\.test/)
  assert.is(await page.$('.sample img'), null, 'what an event says is text')
  await shoot(page, 'pipelines-tap-light-desktop')
})

demo('ten thousand events: the first rows are there at once, and only what is in sight is drawn', async () => {
  const { page } = watched
  const start = Date.now() - 3_600_000
  const events = Array.from({ length: 10_000 }, (_, i) => ({ time: new Date(start + i * 300).toISOString(), type: 'log', name: 'bulk.event', message: `number ${i}`, severityNumber: i % 50 === 0 ? 17 : 9, source: 'test', entity: { kind: 'Pod', namespace: 'bulk', name: `p-${i % 20}` } }))
  const sent = await fetch(`${url}/v1/events:batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ events }) })
  assert.is((await sent.json() as { accepted: number }).accepted, events.length)
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    await page.goto(`${url}/events?ns=bulk`, { waitUntil: 'domcontentloaded' })
    await page.waitForSelector('.event-row')
    times.push(await page.evaluate(() => (window as unknown as { firstRowMs: number }).firstRowMs))
  }
  await seesText(page, 'bulk.event')
  assert.ok(await page.$$eval('.event-row', rows => rows.length) < 120, 'rows out of sight are not drawn')
  // To the end of what is read, again and again: pages follow until there are no more.
  await page.waitForFunction(() => { scrollTo(0, document.body.scrollHeight); return Number(document.querySelector('.event-list .virtual-row')?.getAttribute('aria-setsize')) >= 10_000 }, { polling: 100 })
  assert.ok(await page.$$eval('.event-row', rows => rows.length) < 120, 'nor after scrolling through all')
  console.log(`\nREPORT first row of 10 000 events after ${times.map(t => Math.round(t)).sort((a, b) => a - b).join(', ')} ms from navigation, on a machine that is busy with other things too`)
})

demo('pages that are left keep no connection: the tenth is as quick as the first', async () => {
  const { page } = watched
  for (let i = 0; i < 10; i++) {
    await page.goto(`${url}/pipelines`, { waitUntil: 'domcontentloaded' })
    await page.waitForSelector('.graph-box.component')
  }
})

demo('the statistics narrow the list', async () => {
  const { page } = watched
  await page.goto(`${url}/events`)
  await page.waitForSelector('.facets a')
  await page.evaluate(() => { [...document.querySelectorAll<HTMLElement>('.facets a')].find(a => a.textContent === 'ebpf')?.click() })
  await page.waitForFunction(() => { const rows = [...document.querySelectorAll('.event-row .event-source')]; return rows.length > 0 && rows.every(r => r.textContent === 'ebpf') })
  assert.match(page.url(), /source=ebpf/)
  await page.goBack()
  await page.waitForFunction(() => !location.search.includes('ebpf'))
})

demo('collectors: the receivers of this Tapio and the other one', async () => {
  const { page } = watched
  await page.goto(`${url}/collectors`)
  await seesText(page, 'receiver/tapio')
  await seesText(page, 'node-7')
})

const views: readonly (readonly [string, () => string, string])[] = [
  ['incidents', () => '/incidents', '.incident-row'], ['incident', () => `/incidents/${incident}`, '#impact .graph-box'], ['incident-chain', () => `/incidents/${incident}?step=2#chain`, '.evidence'],
  ['events', () => '/events', '.facets h3'], ['topology', () => '/topology', '.objects a'], ['neighbours', () => '/topology?kind=Deployment&namespace=shop&name=nginx&depth=2', '.graph-box'],
  ['pipelines', () => '/pipelines', '.graph-box'], ['collectors', () => '/collectors', 'tbody tr']
]

for (const theme of ['light', 'dark'] as const satisfies readonly Theme[]) {
  for (const size of ['desktop', 'phone'] as const satisfies readonly Size[]) {
    demo(`every view is whole, named and legible: ${theme}, ${size}`, async () => {
      const { page, complaints } = await openPage(browser, { theme, size })
      for (const [name, path, ready] of views) {
        await page.goto(`${url}${path()}`)
        await page.waitForSelector(ready)
        assert.equal(await faultsOf(page), [], name)
        await shoot(page, `${name}-${theme}-${size}`)
        if (name !== 'incident') continue
        for (const part of ['chain', 'timeline', 'impact', 'why', 'evidence']) {
          await page.$eval(`#${part}`, e => { e.scrollIntoView() })
          await shoot(page, `${name}-${part}-${theme}-${size}`)
        }
      }
      assert.equal(complaints, [])
      await page.close()
    })
  }
}

demo('the theme can be chosen and is kept', async () => {
  const { page } = watched
  await page.goto(url)
  await page.select('.bar select', 'dark')
  await page.reload()
  assert.is(await page.$eval('html', h => h.dataset['theme']), 'dark')
  await page.select('.bar select', 'system')
})

demo('a Tapio that goes away is said to be away, what was known stays', async () => {
  const { page, complaints } = watched
  await page.goto(url)
  await page.waitForSelector('.incident-row')
  assert.equal(complaints, [], 'nothing was complained about until now')
  await server.stop()
  await seesText(page, 'disconnected')
  assert.ok(await page.$$eval('.incident-row', rows => rows.length) > 0)
  await shoot(page, 'list-disconnected-light-desktop')
})

if (chromium === undefined) console.log('SKIP the web page in a real browser: no Chromium here (Debian: apt-get install chromium), or set CHROMIUM')
else demo.run()
