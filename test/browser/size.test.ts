// Scenario: the built page on the disk.
// Guarantees: what is loaded before anything is seen is small; nothing comes from elsewhere and nothing is inline, as the content
// policy forbids both.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { root } from './tapio.js'

const folder = join(root, 'dist', 'core', 'api', 'page')
const files = readdirSync(folder).filter(name => name !== 'licenses.txt')
const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
const packed = (names: readonly string[]): number => names.reduce((sum, name) => sum + gzipSync(text(name), { level: 9 }).length, 0)

test('the first load is below 80 KB', () => {
  const late = files.filter(name => name.startsWith('plot-'))
  assert.is(late.length, 1, 'charts are loaded when they are needed')
  const first = files.filter(name => !late.includes(name))
  console.log(`REPORT the page: ${(packed(first) / 1000).toFixed(1)} KB of gzip before anything is seen, ${(packed(late) / 1000).toFixed(1)} KB more with the first chart`)
  assert.ok(packed(first) < 80_000, `${packed(first)}`)
})

test('nothing inline, nothing from elsewhere, names made of the content', () => {
  const html = text('index.html')
  assert.not.match(html, /<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|\{\w+\}/)
  assert.not.match(html, /(src|href)="(?!\/)/)
  for (const name of files) if (name !== 'index.html') assert.match(name, /-[A-Z0-9]{8}\.(js|css|svg)$/)
  for (const name of files.filter(f => f.endsWith('.css'))) assert.not.match(text(name), /url\(|@import/)
})

test('the licenses of what is in it are given on', () => {
  for (const name of ['preact', '@preact/signals', '@dagrejs/dagre', 'uplot']) assert.match(text('licenses.txt'), new RegExp(`^${name}\n\n[^]*?Copyright`, 'm'))
})

test.run()
