/**
 * Scenario: every option of every component and of the service that is an address; a Tapio with every listener on, each left to its default.
 * Guarantees: what is not written listens on loopback alone, by the schemas and by the kernel's own list of listening sockets.
 * Does not show: what people write (the API refuses to be open without asking who calls: core/api).
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TSchema } from '@sinclair/typebox'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { components } from '../../core/cli/registry.js'
import { notation } from '../../core/config/schema.js'
import { serviceSchema } from '../../core/config/shape.js'

const test = suite('defaults')
const main = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'core', 'cli', 'main.js')

/** Defaults of addresses in a schema, also of what stands in the default of a map above. */
function addresses (schema: unknown, path: string): [string, string][] {
  if (typeof schema !== 'object' || schema === null) return []
  const { default: own } = schema as TSchema
  const here: [string, string][] = notation(schema as TSchema) === 'endpoint' && typeof own === 'string' ? [[path, own]] : []
  const texts = typeof own === 'object' ? JSON.stringify(own).match(/(?<=")[^"]*:\d+(?=")/g) ?? [] : []
  return [...here, ...texts.map((text): [string, string] => [path, text]), ...Object.entries(schema).flatMap(([key, value]) => key === 'default' ? [] : addresses(value, `${path}.${key}`))]
}

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$|^unix:/

const found = [...components.flatMap(c => addresses(c.schema, `${c.kind} ${c.type}`)), ...addresses(serviceSchema, 'service')]

test('no schema has a default address that another machine can reach', () => {
  for (const owner of ['receiver otlp', 'receiver tapio', 'service']) assert.ok(found.some(([path]) => path.startsWith(owner)), owner)
  assert.equal(found.filter(([, address]) => !loopback.test(address)), [])
})

test('the walk finds an address wherever it stands', () => {
  const schema = { properties: { a: { anyOf: [{ properties: { b: { type: 'string', 'x-tapio': 'endpoint', default: '0.0.0.0:1' } } }] }, c: { default: { d: '[::]:2' } } } }
  assert.equal(addresses(schema, 'x').map(([, address]) => address), ['0.0.0.0:1', '[::]:2'])
})

/** Addresses of listening sockets (state 0A) as /proc/net/tcp has them, in hexadecimal. */
function listening (pid: number): string[] {
  return ['tcp', 'tcp6'].flatMap(name => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1).map(line => line.trim().split(/\s+/)).filter(fields => fields[3] === '0A').map(fields => fields[1] as string))
}

const asRoot = process.getuid?.() === 0 ? test : test.skip
if (process.getuid?.() !== 0) console.log('SKIP listeners in a network of their own: needs root')

asRoot('everything on, nothing written: the kernel has loopback listeners alone', async () => {
  const config = 'receivers: {otlp: {protocols: {grpc: {}, http: {}}}, tapio: {endpoint: "localhost:9095"}}\nexporters: {debug: {}}\nservice: {mode: standard, api: {}, telemetry: {logs: {format: json}}, pipelines: {a: {receivers: [otlp], exporters: [debug]}, b: {receivers: [tapio], exporters: [debug]}}}'
  const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; exec "$0" "$@"', process.execPath, main, '--config', `yaml:${config}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  try {
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => { log += chunk.toString(); if (log.includes('tapio is running')) resolve() })
      child.once('close', () => { reject(new Error(log)) })
    })
    const sockets = listening(child.pid as number)
    // 4317 4318 8888 8080 9090 and 9095.
    assert.equal(sockets.map(s => parseInt(s.slice(s.indexOf(':') + 1), 16)).sort((a, b) => a - b).filter((port, i, all) => all.indexOf(port) === i), [4317, 4318, 8080, 8888, 9090, 9095])
    for (const socket of sockets) assert.match(socket, /^(0100007F|00000000000000000000000001000000):/)
  } finally {
    child.kill('SIGKILL')
  }
})

test.run()
