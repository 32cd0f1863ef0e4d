/** The one door to the kernel side: components import nothing else of bpf/ and native/. */
export { exitFlags, headerSize, programNames, recordTable, type Field, type FieldKind, type ProgramName, type RecordName, type RecordSpec } from './record-table.js'
export { addressText, cgroupPath, checkRecord, commandLine, readRecord, recordName, RecordReader, type KernelRecord, type RecordOf } from './records.js'
export { KernelSession, type Drained, type RecordCounters, type SessionOptions } from './kernel-session.js'
export type { HookStatus, Settings } from './program-loader.js'
export { unavailability } from './kernel-facts.js'
