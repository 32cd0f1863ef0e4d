/** One node's container network, as the cni receiver tells of it. */
import { BatchBuilder } from '../../../core/data/builder.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { Severity } from '../../../core/data/enums.js'
import { EventIds } from '../../../core/data/ids.js'
import { usageProblems } from '../../../receivers/cni/address-problems.js'
import { runEvent, turnEvent } from '../../../receivers/cni/events.js'
import type { Problem } from '../../../receivers/cni/problems.js'
import type { Subject } from '../../../receivers/cni/subjects.js'
import { nodeAttributes } from './kernel.js'

export class CniSource {
  readonly #ids: EventIds
  constructor (idPrefix: string, readonly node: string) { this.#ids = new EventIds(Buffer.from(idPrefix, 'hex')) }

  /** A run of a plugin for a pod. */
  run (atMs: number, plugin: string, command: 'ADD' | 'DEL', subject: Subject, exitCode: number, tookMs: number, pid: number): EventBatch {
    return this.#row(runEvent({ plugin, path: `/opt/cni/bin/${plugin}`, pid, parent: '', command, interfaceName: 'eth0', subject, exitCode, exitSignal: 0, durationNs: BigInt(tookMs) * 1_000_000n, timeNs: nanos(atMs) }, nanos(atMs)))
  }

  /** Addresses given out of a range: a problem when all or nearly all are. */
  usage (atMs: number, network: string, range: string, used: number, size: number): EventBatch {
    return this.#problem(atMs, usageProblems([{ network, ranges: range, set: 0, used, size: BigInt(size) }], 0.9)[0] as Problem)
  }

  /** As conf-files.ts words it. */
  invalidConf (atMs: number, file: string, fault: string): EventBatch {
    const message = `CNI configuration /etc/cni/net.d/${file}: ${fault}`
    return this.#problem(atMs, { key: `cni_conf_invalid/${file}/${fault}`, name: 'cni_conf_invalid', severity: Severity.error, message, over: `fixed: ${message}`, afterMs: 200, attributes: { 'tapio.cni.file': `/etc/cni/net.d/${file}` } })
  }

  missingConf (atMs: number): EventBatch {
    const message = 'no CNI configuration (*.conflist, *.conf, *.json) in /etc/cni/net.d: pods cannot get a network and the node stays NotReady; install or repair the network add-on'
    return this.#problem(atMs, { key: 'cni_conf_missing//etc/cni/net.d', name: 'cni_conf_missing', severity: Severity.critical, message, over: 'there is a CNI configuration in /etc/cni/net.d again', afterMs: 200 })
  }

  linkDown (atMs: number, interfaceName: string): EventBatch {
    return this.#problem(atMs, { key: `link_down/${interfaceName}`, name: 'link_down', severity: Severity.warning, message: `the node: interface ${interfaceName} has lost its carrier`, over: `the node: interface ${interfaceName} is up again`, afterMs: 300, subject: { netns: '', netnsInode: 4026531840 }, interfaceName })
  }

  #problem (atMs: number, problem: Problem): EventBatch { return this.#row(turnEvent({ problem, action: 'started' }, nanos(atMs))) }

  #row (event: ReturnType<typeof runEvent>): EventBatch {
    const builder = new BatchBuilder(1)
    builder.append({ ...event, resource: { ...event.resource as Record<string, string>, ...nodeAttributes(this.node) } })
    return builder.finish({ ids: this.#ids })
  }
}

const nanos = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n
