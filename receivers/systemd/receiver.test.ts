/**
 * The receiver with a stand-in for journalctl: a script that prints what a file holds, then waits as `--follow` does.
 * Does not show: the real journal and bus (test/systemd).
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refused, rejected, retry } from '../../core/component/outcome.js'
import type { EventRow } from '../../core/data/row.js'
import { parsePosition } from '../../core/delivery/position-file.js'
import { oomKills } from '../../core/identity/oom-kills.js'
import { deadlineIn } from '../../core/testing/services.js'
import { startReceiver, type Running } from './testing/start.js'
import { unitEvent } from './unit-events.js'
import { nothingKnown } from './unit-states.js'

const test = suite<{ directory: string }>('systemd receiver')
test.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-systemd-')) })
test.after.each(async ({ directory }) => { for (const running of started.splice(0)) await running.stop(); rmSync(directory, { recursive: true, force: true }) })

const pod = '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2ca4a155_3599_498d_bb9d_4446693fa3ea.slice/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope'
const nowMicros = BigInt(Date.now()) * 1000n
let entries = 0
const entry = (message: string, fields: object = {}): string =>
  JSON.stringify({ __CURSOR: `c${++entries}`, __REALTIME_TIMESTAMP: String(nowMicros - 60_000_000n), MESSAGE: message, PRIORITY: '4', _TRANSPORT: 'syslog', _BOOT_ID: 'b', _HOSTNAME: 'n1', ...fields })
const kernel = (message: string, fields: object = {}): string => entry(message, { _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'kernel', PRIORITY: '6', ...fields })
const manager = (message: string, fields: object): string => entry(message, { _PID: '1', _TRANSPORT: 'journal', PRIORITY: '6', ...fields })

/** Prints the entry of the cursor it is told, then `entries`; for the end it is asked for, the last one of `old`. */
function journalctl (directory: string, lines: readonly string[], then = 'exec tail -f /dev/null', old: readonly string[] = []): string {
  const command = join(directory, 'journalctl')
  writeFileSync(join(directory, 'entries'), lines.map(l => `${l}\n`).join(''))
  writeFileSync(join(directory, 'old'), old.map(l => `${l}\n`).join(''))
  writeFileSync(command, `#!/bin/sh\ncd '${directory}'\necho "$@" >> arguments\nfor a in "$@"; do case "$a" in --cursor=*) echo '{"__CURSOR":"'"\${a#--cursor=}"'","__REALTIME_TIMESTAMP":"1"}';; esac; done\ncase "$*" in *--lines=1*) exec tail -n 1 old;; esac\ncat entries\n: > entries\n${then}\n`)
  chmodSync(command, 0o755)
  return command
}

const cursorOf = (line: string): string => (JSON.parse(line) as { __CURSOR: string }).__CURSOR

function savedCursor (directory: string): string {
  const read = parsePosition(readFileSync(join(directory, 'state', 'systemd.json'), 'utf8'))
  return read.status === 'read' ? (read.value as { cursor: string }).cursor : read.status
}

interface Options { readonly bus?: object, readonly journal?: object }

/** Those of a test that failed have not been stopped by it. */
const started: Running[] = []

async function run (directory: string, command: string, options: Options = {}): Promise<Running> {
  const running = await startReceiver({ bus: { enabled: false }, state_directory: join(directory, 'state'), ...options, journal: { command, ...options.journal } })
  started.push(running)
  return running
}

const values = (running: Running, what: (e: EventRow) => unknown): unknown[] => running.events().map(what)

test('kernel faults, unit messages and plain entries become events; the rest is counted', async ({ directory }) => {
  const running = await run(directory, journalctl(directory, [
    kernel('INFO: task sync:77 blocked for more than 120 seconds.'),
    manager("db.service: Failed with result 'exit-code'.", { MESSAGE_ID: 'd9b373ed55a64feb8242e02dbe79a49c', UNIT: 'db.service', INVOCATION_ID: 'i1', UNIT_RESULT: 'exit-code' }),
    manager('db.service: Main process exited', { MESSAGE_ID: '98e322203f7a4ed290d09fe03c09fe15', UNIT: 'db.service', EXIT_CODE: 'killed', EXIT_STATUS: '9' }),
    manager('db.service: Start request repeated too quickly.', { UNIT: 'db.service' }),
    manager('Started user@0.service', { MESSAGE_ID: '39f53479d3a045ac8e11786248231fbf', UNIT: 'user@0.service' }),
    entry('not from the manager', { MESSAGE_ID: 'd9b373ed55a64feb8242e02dbe79a49c', UNIT: 'sshd.service', _PID: '77', PRIORITY: '6' }),
    'not json', '[]', '{"MESSAGE":"no cursor"}',
    entry('x'.repeat(5000)),
    entry('bytes', { MESSAGE: [104, 105, 0xff], PRIORITY: '3', _SYSTEMD_UNIT: 'web.service' }),
    entry('quiet', { PRIORITY: '7' })
  ]), { journal: { start_at: 'beginning', max_entry_size: 4096 } })
  await running.next.received(5)
  await running.stop()
  assert.equal(values(running, e => e.get('name')), ['hung_task', 'unit_failed', 'unit_process_exit', 'unit_start_limit_hit', 'journal_log'])
  const [hung, failed, exit, , plain] = running.events() as [EventRow, EventRow, EventRow, EventRow, EventRow]
  assert.is(hung.get('pid'), 77)
  assert.is(hung.attribute('node.condition'), 'TaskHung')
  assert.is(failed.severityName, 'error')
  assert.is(failed.get('entityName'), 'db.service')
  assert.is(failed.resource.attributes['systemd.unit'], 'db.service')
  assert.is(exit.get('exitSignal'), 9)
  assert.is(plain.get('message'), 'hi\ufffd')
  assert.is(plain.severityName, 'error')
  assert.is(running.drops.get('filtered'), 3)
  assert.is(running.meter.values.get('journal_bad_entries{reason="too_large"}'), 1)
  assert.is(running.meter.values.get('journal_bad_entries{reason="malformed"}'), 3)
  assert.equal(running.status.events, ['ok'])
})

test('a kill in a pod\'s cgroup names container and pod', async ({ directory }) => {
  const running = await run(directory, journalctl(directory, [
    kernel(`oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=${pod},task_memcg=${pod},task=node,pid=4711,uid=0`),
    kernel('Memory cgroup out of memory: Killed process 4711 (node) total-vm:10kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:1000', { __MONOTONIC_TIMESTAMP: '9000000', _SOURCE_MONOTONIC_TIMESTAMP: '8000000' })
  ]), { journal: { start_at: 'beginning' } })
  await running.next.received(1)
  await running.stop()
  const [kill] = running.events() as [EventRow]
  assert.is(kill.get('name'), 'oom_kill')
  assert.is(kill.type, 'memory')
  assert.is(kill.get('pid'), 4711)
  assert.is(kill.get('bytes'), 8192n)
  assert.is(kill.get('timeUnixNano'), (nowMicros - 61_000_000n) * 1000n, 'the kernel\'s own time')
  assert.is(kill.resource.attributes['k8s.pod.uid'], '2ca4a155-3599-498d-bb9d-4446693fa3ea')
  assert.is(kill.attribute('linux.oom.constraint'), 'memcg')
})

test('a kill that was seen in the kernel comes once, whichever is first; others come from here', async ({ directory }) => {
  const killed = (pid: number, micros: bigint): string => kernel(`Out of memory: Killed process ${pid} (a) total-vm:1kB, anon-rss:1kB, file-rss:0kB`, { __REALTIME_TIMESTAMP: String(micros) })
  const freshMs = Date.now()
  const unwatch = oomKills.watch()
  try {
    oomKills.add(101, Number(nowMicros / 1000n) - 60_000)
    // The line of 102 is read before the kernel's own word of it comes.
    const running = await run(directory, journalctl(directory, [killed(101, nowMicros - 60_000_000n), killed(102, BigInt(freshMs) * 1000n), killed(103, nowMicros - 60_000_000n)]), { journal: { start_at: 'beginning' } })
    await new Promise(resolve => setImmediate(resolve))
    oomKills.add(102, freshMs)
    await running.next.received(1)
    await running.stop()
    assert.equal(values(running, e => e.get('pid')), [103])
    assert.is(running.drops.get('duplicate'), 2)
  } finally { unwatch() }
})

test('filters by unit and field, and a rate limit that spares faults', async ({ directory }) => {
  const lines = [
    entry('other unit', { _SYSTEMD_UNIT: 'x.service', SYSLOG_IDENTIFIER: 'kubelet' }), entry('other field', { _SYSTEMD_UNIT: 'kubelet.service', SYSLOG_IDENTIFIER: 'y' }),
    ...Array.from({ length: 200 }, (_, i) => entry(`line ${i}`, { _SYSTEMD_UNIT: 'kubelet.service', SYSLOG_IDENTIFIER: 'kubelet', PRIORITY: '6' })),
    kernel('Kernel panic - not syncing: test')
  ]
  const running = await run(directory, journalctl(directory, lines), { journal: { start_at: 'beginning', priority: 'info', units: ['kube*'], matches: [{ SYSLOG_IDENTIFIER: 'kubelet' }], rate_limit: 1 } })
  while (!running.events().some(e => e.get('name') === 'kernel_panic')) await running.next.received(running.next.rows + 1)
  await running.stop()
  const logs = running.events().filter(e => e.get('name') === 'journal_log').length
  assert.ok(logs >= 1)
  assert.is(running.drops.get('filtered'), 2)
  assert.is((running.drops.get('rate_limited') ?? 0) + logs, 200)
})

test('the end is looked up at the first start and kept; the next start goes on behind what was taken', async ({ directory }) => {
  const old = entry('old')
  const first = await run(directory, journalctl(directory, [entry('new')], undefined, [old]))
  await first.next.received(1)
  await first.stop()
  const saved = savedCursor(directory)
  assert.is(saved, first.events()[0]?.attribute('journal.cursor'))
  const second = await run(directory, journalctl(directory, [entry('later')]))
  await second.next.received(1)
  await second.stop()
  const calls = readFileSync(join(directory, 'arguments'), 'utf8').trim().split('\n')
  assert.is(calls.length, 3)
  assert.match(calls[0] as string, '--lines=1')
  assert.match(calls[1] as string, `--cursor=${cursorOf(old)}`)
  assert.match(calls[2] as string, `--cursor=${saved}`)
  assert.is(second.meter.values.get('journal_gaps'), undefined)
})

test('what the pipeline did not take before the end is not passed over', async ({ directory }) => {
  const old = entry('old')
  const running = await run(directory, journalctl(directory, [entry('stuck')], undefined, [old]))
  const asked = new Promise<void>(resolve => { running.next.answer = () => { resolve(); return retry('full') } })
  await asked
  await running.receiver.stop({ signal: AbortSignal.abort(), atMs: 0 })
  assert.is(savedCursor(directory), (JSON.parse(old) as { __CURSOR: string }).__CURSOR)
  assert.is(running.drops.get('shutdown'), undefined)
})

test('entries that a pipeline refuses because a part of it is replaced are offered again; those it rejects are counted and passed', async ({ directory }) => {
  const last = entry('b')
  const running = await run(directory, journalctl(directory, [entry('a'), last]), { journal: { start_at: 'beginning' } })
  const answers = [refused('shutting down'), rejected('bad', 2)]
  running.next.answer = () => answers.shift() ?? retry('no more')
  while (running.meter.values.get('rejected') === undefined) await new Promise(resolve => setImmediate(resolve))
  await running.stop()
  assert.is(running.meter.values.get('rejected'), 2)
  assert.is(savedCursor(directory), cursorOf(last))
})

test('entries that are gone before they were read are said and counted', async ({ directory }) => {
  const numbered = (i: number): string => entry(`line ${i}`, { __CURSOR: `s=a;i=${i.toString(16)};b=0;m=1;t=2;x=3` })
  const command = journalctl(directory, [numbered(40)], undefined, [numbered(16)])
  // Without the entry of the cursor, as journalctl when it is vacuumed.
  writeFileSync(command, readFileSync(command, 'utf8').replace(/for a in .*; done\n/, ''))
  const running = await run(directory, command)
  await running.next.received(1)
  await running.stop()
  assert.is(running.meter.values.get('journal_missed_entries'), 23)
  assert.is(running.meter.values.get('journal_gaps'), 1)
  assert.ok(running.logger.lines.some(l => l.message.startsWith('entries were removed from the journal') && l.fields?.['entries'] === 23))
})

test('a change of a unit and its entry have one id, so that a copy that comes after a kill is known', async ({ directory }) => {
  const failed = manager("db.service: Failed with result 'exit-code'.", { MESSAGE_ID: 'd9b373ed55a64feb8242e02dbe79a49c', UNIT: 'db.service', INVOCATION_ID: 'i1', UNIT_RESULT: 'exit-code' })
  const running = await run(directory, journalctl(directory, [failed]), { journal: { start_at: 'beginning' } })
  await running.next.received(1)
  await running.stop()
  const state = { ...nothingKnown, active: 'failed', invocation: 'i1', result: 'exit-code' }
  assert.is(running.events()[0]?.get('id'), unitEvent({ unit: 'db.service', fact: 'failed', before: 'active', state }, 1, 0n).id)
})

test('a journalctl that ends is started again behind the last entry, and its words are told', async ({ directory }) => {
  const line = entry('one')
  const command = journalctl(directory, [line], `[ -e again ] && exec tail -f /dev/null; touch again; echo '${entry('two')}' > entries; echo 'Failed to open journal: too bad' >&2; exit 1`)
  const running = await run(directory, command, { journal: { start_at: 'beginning' } })
  await running.next.received(2)
  await running.stop()
  assert.equal(values(running, e => e.get('message')), ['one', 'two'])
  assert.equal(running.status.events, ['ok', 'recoverable: journal: Failed to open journal: too bad', 'ok'])
  assert.match(readFileSync(join(directory, 'arguments'), 'utf8'), `--cursor=${(JSON.parse(line) as { __CURSOR: string }).__CURSOR}`)
})

test('a missing journalctl is said in one line, and the stop is clean', async ({ directory }) => {
  const running = await run(directory, join(directory, 'nothing'))
  await running.receiver.stop(deadlineIn(5000))
  await running.receiver.stop(deadlineIn(5000))
  const other = await run(directory, join(directory, 'nothing'), { journal: { start_at: 'beginning' } })
  while (other.status.events.length === 0) await new Promise(resolve => setImmediate(resolve))
  await other.stop()
  assert.is(other.status.events.length, 1)
  assert.match(other.status.events[0] as string, /^permanent: journal: .*nothing cannot be started \(.*ENOENT\): install the package systemd, or set/)
})

test('a damaged state file is said, and reading begins where the options say', async ({ directory }) => {
  const first = await run(directory, journalctl(directory, [entry('a')]), { journal: { start_at: 'beginning' } })
  await first.next.received(1)
  await first.stop()
  const path = join(directory, 'state', 'systemd.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"c', '"d'))
  const second = await run(directory, journalctl(directory, [entry('b')]), { journal: { start_at: 'beginning' } })
  await second.next.received(1)
  await second.stop()
  assert.equal(second.logger.lines.filter(l => l.message.startsWith('the saved position')).map(l => [l.fields?.['reason'], l.fields?.['startAt']]), [['it is damaged: its checksum is wrong', 'beginning']])
  assert.not.match(readFileSync(join(directory, 'arguments'), 'utf8'), '--cursor=')
})

test('a state file that cannot be written stops nothing', async ({ directory }) => {
  writeFileSync(join(directory, 'state'), 'a file where the directory should be')
  const running = await run(directory, journalctl(directory, [entry('a')]), { journal: { start_at: 'beginning' } })
  await running.next.received(1)
  await running.stop()
  assert.ok(running.logger.lines.some(l => l.message.startsWith('the position in the journal cannot be kept')))
})

test.run()
