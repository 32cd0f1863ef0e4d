/**
 * Scenario: a folder with a page, its script with a hash in its name, and addresses of the page's own.
 * Guarantees: files come with the right type, compressed, and not again when the browser has them; a browser that goes to an address of the page gets the page, a script that does not exist is a 404.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, startForTest } from './server-for-test.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-page-'))
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Tapio</title>')
writeFileSync(join(folder, 'assets', 'app-ABCD2345.js'), 'x'.repeat(5000))
writeFileSync(join(folder, 'secret.key'), 'not for anybody')
const server = await startForTest({}, { options: { page: folder } })
const { port } = server
const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('files have type, cache and etag', async () => {
  const page = await ask(port, '/')
  assert.equal([page.status, page.headers['content-type'], page.headers['cache-control'], page.text], [200, 'text/html; charset=utf-8', 'no-cache', '<!doctype html><title>Tapio</title>'])
  const etag = String(page.headers.etag)
  const again = await ask(port, '/', { headers: { 'if-none-match': `"other", W/${etag}` } })
  assert.equal([again.status, again.text, again.headers.etag], [304, '', etag])
  assert.is((await ask(port, '/', { headers: { 'if-none-match': '"other"' } })).status, 200)
  const script = await ask(port, '/assets/app-ABCD2345.js', { headers: { 'accept-encoding': 'gzip, deflate, br' } })
  assert.equal([script.headers['content-type'], script.headers['cache-control'], script.headers['content-encoding']], ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', 'br'])
  assert.is(brotliDecompressSync(script.body).length, 5000)
  const head = await ask(port, '/assets/app-ABCD2345.js', { method: 'HEAD' })
  assert.equal([head.headers['content-length'], head.text], ['5000', ''])
  assert.is((await ask(port, '/', { method: 'POST' })).status, 405)
})

test('addresses of the page are the page, for browsers alone', async () => {
  assert.is((await ask(port, '/incidents/4f0c?tab=chain', { headers: browser })).text, '<!doctype html><title>Tapio</title>')
  assert.is((await ask(port, '/topology/Pod/shop/cart.v2', { headers: browser })).status, 200)
  assert.is((await ask(port, '/assets/app-OLD12345.js', { headers: { accept: '*/*' } })).status, 404)
  assert.is((await ask(port, '/v1/incidentz', { headers: browser })).status, 404)
})

test('nothing outside the folder, and nothing that is no part of a page', async () => {
  for (const path of ['/secret.key', '/../secret.key', '/..%2f..%2fetc%2fpasswd', '/assets', '/assets/', '//etc/passwd', '/%00', '/__proto__', '/constructor']) assert.is((await ask(port, path)).status, 404, path)
})

test('the OpenAPI document is served, without a page too', async () => {
  const bare = await startForTest({}, { options: { page: join(folder, 'nothing') } })
  const document = await ask(bare.port, '/openapi.json')
  assert.equal([document.status, document.headers['content-type'], (JSON.parse(document.text) as { openapi: string }).openapi], [200, 'application/json', '3.1.0'])
  assert.is((await ask(bare.port, '/', { headers: browser })).status, 404)
  await bare.stop()
})

test.after(async () => { await server.stop(); rmSync(folder, { recursive: true }) })
test.run()
