import type { Fields } from './journal-entry.js'

/** The unit an entry is about: what the service manager says of a unit, or the unit whose process wrote it. */
export function unitOf (fields: Fields): string {
  const { UNIT: told, OBJECT_SYSTEMD_UNIT: object, COREDUMP_UNIT: dumped, _SYSTEMD_UNIT: own = '' } = fields
  return (fromManager(fields) ? told : undefined) ?? object ?? dumped ?? own
}

/** Fields without `_` may be written by anyone; the manager of the machine is process 1. */
export function fromManager ({ _PID: pid, _TRANSPORT: transport }: Fields): boolean {
  return pid === '1' && transport !== 'kernel'
}
