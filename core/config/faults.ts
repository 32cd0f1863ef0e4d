/** What is wrong with a configuration, as data. Rendering is in render.ts, the codes are in fault-codes.ts. */
import type { FaultCode } from './fault-codes.js'
import { pathText, type KeyPath, type Span } from './tree.js'

export type Severity = 'error' | 'warning'

export interface Fault {
  readonly code: FaultCode
  readonly severity: Severity
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters as JavaScript counts them (UTF-16 units). */
  readonly column: number
  /** The key path as in `receivers.otlp.protocols.grpc.endpoint`; empty for a whole file. */
  readonly path: string
  /** One sentence with the key in backticks and what was found. Never holds a secret. */
  readonly message: string
  /** What would be right, in words. */
  readonly allowed?: string
  /** The nearest right spelling. */
  readonly suggestion?: string
  /** What to do about it, when that is not obvious from the rest. */
  readonly help?: string
  /** The source line with secrets masked; absent when the fault has no line. */
  readonly excerpt?: Excerpt
}

/** A source line cut to a readable width. `column` (from 0) and `length` place the caret in `text`. */
export interface Excerpt { readonly text: string; readonly column: number; readonly length: number }

export interface FaultDetails { readonly allowed?: string | undefined; readonly suggestion?: string | undefined; readonly help?: string | undefined }

/** A fault before its excerpt is known. */
export interface RawFault {
  readonly code: FaultCode
  readonly severity: Severity
  readonly at: Span
  readonly path: KeyPath
  readonly message: string
  readonly details: FaultDetails
}

/** Enough to see the whole picture of a badly broken file; more would only scroll it away. */
export const maxFaults = 200

/** Collects faults of one load, bounded; what does not fit is counted. */
export class FaultList {
  readonly items: RawFault[] = []
  #errors = 0
  #omitted = 0

  error (code: FaultCode, at: Span, path: KeyPath, message: string, details: FaultDetails = {}): void {
    this.add({ code, severity: 'error', at, path, message, details })
  }

  warning (code: FaultCode, at: Span, path: KeyPath, message: string, details: FaultDetails = {}): void {
    this.add({ code, severity: 'warning', at, path, message, details })
  }

  add (fault: RawFault): void {
    if (fault.severity === 'error') this.#errors += 1
    if (this.items.length < maxFaults) this.items.push(fault)
    else this.#omitted += 1
  }

  /** Errors added so far, those that did not fit included. */
  get errors (): number { return this.#errors }

  get omitted (): number { return this.#omitted }
}

/** The public form of a fault. Absent details are left out, so that JSON and comparisons stay small. */
export function publicFault (raw: RawFault, excerpt: Excerpt | undefined): Fault {
  const { allowed, suggestion, help } = raw.details
  return {
    code: raw.code,
    severity: raw.severity,
    file: visible(raw.at.source),
    line: raw.at.line,
    column: raw.at.column,
    path: visible(pathText(raw.path)),
    message: visible(raw.message),
    ...(allowed === undefined ? {} : { allowed: visible(allowed) }),
    ...(suggestion === undefined ? {} : { suggestion: visible(suggestion) }),
    ...(help === undefined ? {} : { help: visible(help) }),
    ...(excerpt === undefined ? {} : { excerpt })
  }
}

/**
 * Keys, ids and file names may hold anything; control and direction characters would change what a terminal shows. Each
 * becomes one visible character, which keeps columns.
 */
export function visible (text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}
