/**
 * Credentials from a program (`users[].user.exec` of a kubeconfig), as cloud providers have it.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { execFile } from 'node:child_process'
import type { Clock } from '../component/clock.js'
import { AccessFault } from './access.js'

export interface ExecOptions {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What a person is told when the program is not there. */
  readonly installHint: string
}

export interface ExecCredential { readonly token?: string, readonly cert?: string, readonly key?: string }

/** Programs talk to identity providers over the network; one that asks a person something would wait for ever. */
const timeoutMs = 60_000
const maxOutputBytes = 1024 * 1024
/** A credential is renewed this long before it expires, so that a request does not arrive with one that just has. */
const marginMs = 10_000

export class ExecCredentials {
  #held: ExecCredential | undefined
  #expiresAtMs = 0
  #running: Promise<ExecCredential> | undefined

  constructor (readonly options: ExecOptions, readonly clock: Clock) {}

  /** One run serves all who ask meanwhile. */
  async get (): Promise<ExecCredential> {
    if (this.#held !== undefined && this.clock.unixMs() < this.#expiresAtMs) return this.#held
    this.#running ??= this.#renew().finally(() => { this.#running = undefined })
    return await this.#running
  }

  expire (): void { this.#held = undefined }

  async #renew (): Promise<ExecCredential> {
    const { credential, expiresAtMs } = parseExecCredential(await this.#run(), this.options.command)
    this.#held = credential
    this.#expiresAtMs = expiresAtMs - marginMs
    return credential
  }

  #run (): Promise<string> {
    const { apiVersion, command, args, env, installHint } = this.options
    const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } })
    return new Promise((resolve, reject) => {
      execFile(command, args, { env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info }, timeout: timeoutMs, maxBuffer: maxOutputBytes }, (error, stdout, stderr) => {
        if (error === null) { resolve(stdout); return }
        const why = stderr.trim().slice(0, 500) || error.message
        reject(new AccessFault(`credential program "${command}" failed: ${why}${error.code === 'ENOENT' && installHint !== '' ? `\n${installHint}` : ''}`))
      })
    })
  }
}

/** Without an expiry a credential is good until the server refuses it. */
export function parseExecCredential (text: string, command: string): { credential: ExecCredential, expiresAtMs: number } {
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = statusOf(text, command)
  if (typeof token !== 'string' && typeof cert !== 'string') throw new AccessFault(`credential program "${command}" gave neither a token nor a client certificate`)
  const expiry = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Infinity
  return {
    credential: { ...(typeof token === 'string' ? { token } : {}), ...(typeof cert === 'string' && typeof key === 'string' ? { cert, key } : {}) },
    expiresAtMs: Number.isNaN(expiry) ? Infinity : expiry
  }
}

function statusOf (text: string, command: string): Readonly<Record<string, unknown>> {
  try {
    const { status } = JSON.parse(text) as { status?: unknown }
    if (typeof status === 'object' && status !== null) return status as Record<string, unknown>
  } catch { /* said below */ }
  throw new AccessFault(`credential program "${command}" did not print an ExecCredential with a status`)
}
