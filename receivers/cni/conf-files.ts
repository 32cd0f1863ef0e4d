/** The configuration directory and the plugins it names: which networks there are, and what keeps them from working. */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { Severity } from '../../core/data/enums.js'
import { namesIn, statOf, textOf } from './directory.js'
import { parseNetConf, type Network, type ParsedConf } from './net-conf.js'
import type { Problem, ProblemName } from './problems.js'

export interface ConfState { readonly networks: readonly Network[], readonly problems: readonly Problem[] }

const maxFiles = 256
const maxBytes = 1 << 20
/** Writers that do not rename leave half a file for a moment. */
const settleMs = 200

/** As root one may run what nobody may, so the bits are looked at as well. */
const anyExecute = 0o111n

export class ConfFiles {
  /** Once it was there, its absence is a fault; before, this is a machine without CNI. */
  #wasThere = false

  constructor (readonly directory: string, readonly binDirs: readonly string[], readonly versions: readonly string[]) {}

  read (): ConfState {
    const names = namesIn(this.directory, maxFiles)
    this.#wasThere ||= names !== undefined
    if (!this.#wasThere) return { networks: [], problems: [] }
    const files = (names ?? []).filter(n => /\.(conf|conflist|json)$/.test(n))
    if (files.length === 0) return { networks: [], problems: [problem('cni_conf_missing', this.directory, Severity.critical, `no CNI configuration (*.conflist, *.conf, *.json) in ${this.directory}: pods cannot get a network and the node stays NotReady; install or repair the network add-on`, `there is a CNI configuration in ${this.directory} again`)] }
    const parsed = files.map(file => [file, this.#parse(file)] as const)
    const networks = parsed.flatMap(([, p]) => p.network ?? [])
    return { networks, problems: [...parsed.flatMap(([file, p]) => this.#faults(file, p)), ...networks.flatMap((n, i) => this.#programs(n, i === 0 ? Severity.critical : Severity.error))] }
  }

  #parse (file: string): ParsedConf {
    const path = join(this.directory, file)
    const text = textOf(path, maxBytes)
    return text === undefined ? { faults: [{ kind: 'invalid', message: statOf(path)?.isFile() === true ? `cannot be read, or has more than ${maxBytes} bytes` : 'is no file' }] } : parseNetConf(file, text, this.versions)
  }

  #faults (file: string, { faults, network }: ParsedConf): Problem[] {
    return faults.map(({ kind, message }) => {
      const name = kind === 'version' ? 'cni_version_unsupported' : 'cni_conf_invalid'
      const text = `CNI configuration ${join(this.directory, file)} ${message}`
      return problem(name, `${file}/${message}`, Severity.error, text, `fixed: ${text}`, { 'tapio.cni.file': join(this.directory, file), ...(network !== undefined && { 'tapio.cni.network': network.name }) })
    })
  }

  /** Runtimes use the first network for every pod, others for those that ask for them. */
  #programs ({ name: network, file, programs }: Network, severity: Problem['severity']): Problem[] {
    return programs.flatMap(program => {
      const found = this.binDirs.map(d => join(d, program)).filter(path => statOf(path)?.isFile() === true)
      const attributes = { 'tapio.cni.network': network, 'tapio.cni.file': join(this.directory, file), 'tapio.cni.plugin': program }
      const [path] = found
      if (path === undefined) return [problem('cni_plugin_missing', `${file}/${program}`, severity, `CNI plugin ${program} of network ${network} (${file}) is in none of ${this.binDirs.join(', ')}: no pod gets this network; install it there`, `CNI plugin ${program} of network ${network} is there again`, attributes)]
      // The first one counts, as for libcni.
      return executable(path) ? [] : [problem('cni_plugin_not_executable', `${file}/${program}`, severity, `CNI plugin ${path} of network ${network} (${file}) cannot be executed: no pod gets this network; chmod 755 ${path}`, `CNI plugin ${path} can be executed again`, attributes)]
    })
  }
}

function executable (path: string): boolean {
  if (((statOf(path)?.mode ?? 0n) & anyExecute) === 0n) return false
  // Without root the runtime's rights are not ours: the bit alone must do.
  try { accessSync(path, constants.X_OK); return true } catch { return process.getuid?.() !== 0 }
}

function problem (name: ProblemName, key: string, severity: Problem['severity'], message: string, over: string, attributes?: NonNullable<Problem['attributes']>): Problem {
  return { name, key: `${name}/${key}`, severity, message, over, afterMs: settleMs, ...(attributes !== undefined && { attributes }) }
}
