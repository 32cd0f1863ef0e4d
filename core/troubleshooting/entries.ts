/**
 * What to do about each code a person meets, and a smallest thing that makes it. The message itself is not written here: it is
 * printed by Tapio for the example (run-example.ts), so that what the page shows is what people see.
 */
import type { FaultCode } from '../config/fault-codes.js'

export interface Example {
  /** Of `tapio.yaml`; of `patterns.yaml` for the codes of patterns. Left out: there is no such file. */
  readonly yaml?: string | Uint8Array
  /** Other files beside it: text, or text with the mode of the file. */
  readonly files?: Readonly<Record<string, string | { readonly text: string, readonly mode: number }>>
  readonly set?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Codes that come with it. */
  readonly beside?: readonly FaultCode[]
}

export interface Entry {
  readonly advice: string
  /** A text says why there can be none. */
  readonly example: Example | string
}

const service = 'service: {pipelines: {main: {receivers: [otlp], exporters: [debug]}}}'
const receivers = 'receivers: {otlp: {}}'
const exporters = 'exporters: {debug: {}}'
/** What the line in question needs around it, behind it, so that line numbers are small. */
const around = (first: string, ...rest: readonly string[]): Example => ({ yaml: [first, ...rest, ''].join('\n') })
const receiver = (text: string): Example => around(`receivers:\n  otlp:\n${text}`, exporters, service)
const processor = (id: string, text: string): Example => around(`processors:\n  ${id}:\n${text}`, receivers, exporters, `service: {pipelines: {main: {receivers: [otlp], processors: [${id}], exporters: [debug]}}}`)
const exporter = (text: string): Example => around(`exporters:\n  otlp:\n${text}`, receivers, 'service: {pipelines: {main: {receivers: [otlp], exporters: [otlp]}}}')
const serviceOf = (text: string): Example => around(`service:\n${text}\n  pipelines: {main: {receivers: [otlp], exporters: [debug]}}`, receivers, exporters)
const pipelines = (text: string, ...more: readonly string[]): Example => around(`service:\n  pipelines:\n${text}`, receivers, ...(more.length === 0 ? [exporters] : more))
const throwing = `import { defineComponent, definePlugin, Type } from 'tapio/plugin'
export default definePlugin({ name: 'broken', version: '1.0.0', tapio: '>=0.1.0', components: [defineComponent({
  kind: 'processor', type: 'broken', description: 'Checks wrongly.', stability: 'alpha', signals: ['logs'], schema: Type.Object({}), concurrency: 'single', metrics: [], drops: {},
  check: () => { throw new Error('a bug') }, create: services => ({ consume: batch => services.get('next').consume(batch) })
})] })
`
const pattern = (text: string, tests = '\n    tests: [{name: none, symptoms: [], expect: none}]'): Example =>
  ({ yaml: `version: 1\npatterns:\n  - id: disk_full\n    layer: k8s\n    subject: Pod\n${text}\n    score: 0.5\n    title: t\n    why: w${tests}\n` })

export const entries: Readonly<Record<FaultCode, Entry>> = {
  CFG001: { advice: 'Check the path; relative ones start at the folder you are in. A service runs as a user of its own: may it read the file and the folders above it?', example: {} },
  CFG002: { advice: 'A configuration is text written by people. Is it the right file? Large lists belong into files of their own, by `${file:…}` or an option that takes a path.', example: { yaml: `# ${'x'.repeat(5 << 20)}\n` } },
  CFG003: { advice: 'Save it as UTF-8. Some editors on Windows write UTF-16.', example: { yaml: Uint8Array.of(0x72, 0x3a, 0x20, 0xff, 0xfe, 0x0a) } },
  CFG004: { advice: 'The caret is where the YAML can no longer be read; the mistake is there or a line above. Most often: indentation, a tab, a missing quote, or a `:` without a space.', example: around('receivers: {otlp: {}', exporters, service) },
  CFG005: { advice: 'Keep one of the two. YAML has no second value for a key; other readers keep the last one silently.', example: around('receivers:\n  otlp: {}\n  otlp: {}', exporters, service) },
  CFG006: { advice: 'One document a file: take the `---` out. Several files are merged with several `--config`.', example: around('receivers: {otlp: {}}\n---', exporters, service) },
  CFG007: { advice: 'Write it flatter, with fewer aliases. Documents that expand without end are an attack, and are stopped here.', example: { yaml: `x-deep: ${'['.repeat(80)}${']'.repeat(80)}\n` } },
  CFG008: { advice: 'An alias (`*name`) takes what an anchor (`&name`) before it marked, in the same file.', example: around('exporters: {debug: *usual}', receivers, service) },
  CFG009: { advice: 'Begin with keys: `receivers:`, `processors:`, `exporters:`, `service:`.', example: { yaml: '- receivers\n- exporters\n' } },
  CFG010: { advice: 'Write `--set key.path=value`; quote it for the shell.', example: { ...around(receivers, exporters, service), set: ['service.mode'] } },
  CFG011: { advice: 'Keys are plain text. `? [a, b]`, empty keys and those of more than a line are none.', example: around('receivers:\n  [otlp]: {}', exporters, service) },
  CFG012: { advice: 'Write `<<: *name` with the name of a map, or a list of such.', example: around('exporters:\n  debug:\n    <<: 5', receivers, service) },
  CFG013: { advice: 'Give `--config FILE` with receivers, exporters and `service.pipelines`; configs/tapio.yaml is a start.', example: { yaml: '# nothing yet\n' } },
  CFG020: { advice: 'Set the variable where Tapio is started (systemd: `Environment=`, Kubernetes: `env`), or give a default: `${env:NAME:-default}`.', example: exporter('    endpoint: ${env:BACKEND}') },
  CFG021: { advice: 'Write `${env:NAME}`, `${env:NAME:-default}` or `${file:path}`; `$$` is one dollar sign.', example: exporter('    endpoint: ${env:}') },
  CFG022: { advice: 'Only `env` and `file` are there. Secrets of other keepers come as files or variables: systemd credentials, Kubernetes secrets, agents that write files.', example: exporter('    endpoint: ${vault:backend}') },
  CFG023: { advice: 'Check path and rights; relative paths start at the folder of the file that names it.', example: exporter('    endpoint: ${file:backend.txt}') },
  CFG030: { advice: 'Write a value of the type that is wanted. Numbers and switches stand without quotes.', example: processor('batch', '    send_batch_size: many') },
  CFG031: { advice: 'Most often a misspelling or a wrong place: the message names the nearest option. `tapio components` and the README of the component have them all. An option of the Collector that Tapio lacks: `tapio config migrate` says what to do.', example: receiver('    protocols:\n      grpc:\n        endpont: 127.0.0.1:4317') },
  CFG032: { advice: 'Add it; the message says what it takes.', example: around('exporters:\n  file: {}', receivers, 'service: {pipelines: {main: {receivers: [otlp], exporters: [file]}}}') },
  CFG033: { advice: 'Take one of those in the message.', example: serviceOf('  mode: fast') },
  CFG034: { advice: 'Stay within the bounds of the message. A bound that is too tight for you is worth an issue.', example: serviceOf('  batch_size: 0') },
  CFG035: { advice: 'Durations have units (`200ms`, `1m30s`), sizes may (`4MiB`), an endpoint is `host:port` without `http://`, IPv6 in brackets (`[::1]:4317`), a URL begins with `http://` or `https://`.', example: processor('batch', '    timeout: 200') },
  CFG036: { advice: 'The message shows the form, as a regular expression.', example: receiver('    protocols: {http: {cors: {allowed_origins: ["https://*.*.*"]}}}') },
  CFG037: { advice: 'Give as many as the message says.', example: around('receivers:\n  file: {paths: []}', exporters, 'service: {pipelines: {main: {receivers: [file], exporters: [debug]}}}') },
  CFG038: { advice: 'Take one of them out.', example: around('receivers:\n  kubernetes: {resources: [pods, pods]}', exporters, 'service: {pipelines: {main: {receivers: [kubernetes], exporters: [debug]}}}') },
  CFG039: { advice: 'The value may take one of several forms, and takes none: compare it with those in the message.', example: receiver('    protocols: {http: {include_metadata: {all: true}}}') },
  CFG040: { advice: 'A key with nothing behind it is not a default but an unfinished line: give a value or take the line out.', example: exporter('    endpoint:') },
  CFG041: { advice: 'Each option is good by itself, but not together: the message is the component\'s own.', example: processor('batch', '    send_batch_size: 100\n    send_batch_max_size: 10') },
  CFG042: { advice: 'The message is that of the rule (JSON Schema).', example: 'No component of this build has such a rule; one of a plugin may.' },
  CFG043: { advice: 'The old name still works; write the new one.', example: serviceOf('  telemetry: {metrics: {address: 127.0.0.1:8888}}') },
  CFG050: { advice: 'Most often a misspelling, or the wrong section: `tapio components` lists all. A component of a plugin needs the plugin in `plugins:`. For those of the Collector that are not here, `tapio config migrate` names what does the same.', example: around('receivers:\n  oltp: {}', exporters, 'service: {pipelines: {main: {receivers: [oltp], exporters: [debug]}}}') },
  CFG051: { advice: 'An id is the type in small letters, or type/name: `otlp`, `otlp/edge`.', example: around('receivers:\n  otlp/a/b: {}', exporters, 'service: {pipelines: {main: {receivers: [otlp/a/b], exporters: [debug]}}}') },
  CFG052: { advice: 'Not your mistake. Report it to who made the component, with the message.', example: { ...around('processors:\n  broken: {}', receivers, exporters, 'service: {pipelines: {main: {receivers: [otlp], processors: [broken], exporters: [debug]}}}', 'plugins: [{path: ./broken.js, isolation: none}]'), files: { 'broken.js': throwing } } },
  CFG053: { advice: 'A pipeline could not tell which is meant: rename one, `type/name`.', example: { beside: ['CFG050'], ...around('connectors:\n  forward: {}', 'receivers: {forward: {}, otlp: {}}', exporters, service) } },
  CFG060: { advice: 'Define it in its section, or correct the name: `type/name` must be the same in both places.', example: pipelines('    main: {receivers: [otlp/edge], exporters: [debug]}') },
  CFG061: { advice: 'Receivers, processors and exporters have a list of their own each; a connector is an exporter of one pipeline and a receiver of another.', example: pipelines('    main: {receivers: [otlp], exporters: [debug, otlp]}') },
  CFG062: { advice: 'Name it once: twice would deliver every batch twice.', example: pipelines('    main: {receivers: [otlp], exporters: [debug, debug]}') },
  CFG063: { advice: 'A pipeline begins with a receiver and ends with an exporter; connectors count as both.', example: pipelines('    main: {receivers: [otlp]}') },
  CFG064: { advice: 'Say what is joined to what: `service: {pipelines: {main: {receivers: [otlp], exporters: [debug]}}}`.', example: around(receivers, exporters) },
  CFG065: { advice: 'A name is letters, digits, `-`, `_`, or signal/name: `traces/eu`.', example: pipelines('    "a b": {receivers: [otlp], exporters: [debug]}') },
  CFG066: { advice: 'Put the component into a pipeline of a signal it carries, or give the pipeline a name that is no signal: it then takes all.', example: around('service:\n  pipelines:\n    traces: {receivers: [systemd], exporters: [debug]}', 'receivers: {systemd: {}}', exporters) },
  CFG067: { advice: 'A connector joins pipelines: it is an exporter of one and a receiver of another. Add the other side.', example: pipelines('    main: {receivers: [otlp], exporters: [forward]}', 'connectors: {forward: {}}') },
  CFG068: { advice: 'Events would go round without end. Take one of the connections out.', example: pipelines('    a: {receivers: [otlp, forward], exporters: [forward]}', 'connectors: {forward: {}}') },
  CFG069: { advice: 'It is not started. Name it in a pipeline, or take it out.', example: around('exporters:\n  debug: {}\n  debug/more: {}', receivers, service) },
  CFG070: { advice: 'The name decides what a pipeline takes: `traces`, `metrics`, `logs`, `profiles`, `events`, or those with `/name`; any other name takes all signals.', example: pipelines('    trace: {receivers: [otlp], exporters: [debug]}') },
  CFG071: { advice: 'A ring has a power of two of slots: take one of the two in the message.', example: serviceOf('  mode: ring-buffer\n  buffer_size: 1000') },
  CFG072: { advice: 'Give `service.api.auth`, or let it listen on loopback (127.0.0.1) only.', example: serviceOf('  api: {grpc: {endpoint: 0.0.0.0:9090}}') },
  CFG073: { advice: 'Give each its own port.', example: serviceOf('  api: {grpc: {endpoint: 127.0.0.1:9090}, http: {endpoint: 127.0.0.1:9090}}') },
  CFG074: { advice: 'Names and tokens of callers must differ, and a certificate needs `tls.client_ca_file` to be checked against.', example: serviceOf('  api: {auth: {tokens: [{name: ci, token: abcdefghijklmnop}, {name: ci, token: qrstuvwxyzabcdef}]}}') },
  CFG075: { advice: 'Give the file to the user that Tapio runs as, and to nobody else: `chmod 600 FILE`. `service.security.secret_files` says what is let pass.', example: { ...serviceOf('  api: {auth: {tokens: [{name: ci, token: "${file:token}"}]}}'), files: { token: { text: 'abcdefghijklmnop', mode: 0o666 } } } },
  CFG076: { advice: 'The message says what is missing or wrong in the plugin: its path, the version of Tapio it is for, what it exports, or the line that does not build.', example: around(`plugins:\n  - path: ./plugins/shout.js`, receivers, exporters, service) },
  CFG080: { advice: 'That part of the short form is skipped. Take it out, or use a build that has it.', example: 'This build has all of them; a build of fewer components says it.' },
  CFG081: { advice: 'Tapio reads the short form of the original, where some options did nothing. Take it out, or say the same in the long form: `tapio config` prints it.', example: { yaml: 'intelligence: {pipeline: {mode: debug, maxRetries: 3}}\ncollectors: {otel: {enabled: true}}\n' } },
  CFG082: { advice: 'Take one of those in the message. In the long form the same are `receivers`.', example: { yaml: 'collectors:\n  otell: {enabled: true}\n  otel: {enabled: true}\n' } },
  CFG083: { advice: 'Nothing is missing. Point what asked it elsewhere: probes to `service.telemetry.metrics`, people to `tapio top`. Take it out to be rid of the warning.', example: around('extensions:\n  health_check: {}', receivers, exporters, 'service: {extensions: [health_check], pipelines: {main: {receivers: [otlp], exporters: [debug]}}}') },
  PAT001: { advice: 'The caret is in the expression (CEL). core/patterns/README.md has the functions and fields.', example: pattern('    when: [{expr: "size(pods) > lowr(1)"}]') },
  PAT002: { advice: 'Ids are the same in all files that are loaded: rename one. To replace a pattern of Tapio, load your folder without it.', example: { yaml: `version: 1\npatterns:\n${'  - {id: disk_full, layer: k8s, subject: Pod, when: [true], score: 0.5, title: t, why: w, tests: [{name: none, symptoms: [], expect: none}]}\n'.repeat(2)}` } },
  PAT003: { advice: 'Signs are what the `context` processor finds in events; core/patterns/README.md lists them.', example: pattern('    when: [{symptom: {sign: k8s.evict}}]') },
  PAT004: { advice: 'Take another name: words of the language, other `let` and `as` are taken.', example: pattern('    when: [true]\n    let: {pods: "1"}') },
  PAT006: { advice: 'Give it a case that it finds and one that it must not: `tests:`. `tapio test --strict` makes this an error.', example: pattern('    when: [true]', '') },
  PAT007: { advice: '`use` names a set of objects under `fixtures:` of the same file.', example: pattern('    when: [true]', '\n    tests: [{name: x, use: nothing, expect: none}]') },
  PAT008: { advice: 'A condition is one of its kinds: `expr`, `symptom`, …; two of them are two conditions.', example: pattern('    when: [{says: x}]') },
  PAT009: { advice: 'Check the path and the rights.', example: {} }
}
