/**
 * Messages of systemd that have an id, and what they tell. Ids are those of systemd's sd-messages.h and catalog/systemd.catalog.in;
 * they never change, texts do.
 */
import { Severity, type EventTypeName } from '../../core/data/enums.js'

export interface Message {
  readonly name: string
  readonly severity: number
  readonly type: EventTypeName
  /** The bus tells it too: which change of a unit it is. */
  readonly fact?: Fact
}
export type Fact = 'started' | 'stopped' | 'failed'

const { debug, info, warning, high, error, critical } = Severity
const message = (name: string, severity: number, type: EventTypeName = 'service', fact?: Fact): Message => fact === undefined ? { name, severity, type } : { name, severity, type, fact }

export const catalogue: ReadonlyMap<string, Message> = new Map([
  // Units.
  ['39f53479d3a045ac8e11786248231fbf', message('unit_started', info, 'service', 'started')],
  ['7d4958e842da4a758f6c1cdc7b36dcc5', message('unit_starting', debug)],
  ['de5b426a63be47a7b6ac3eaac82e2f6f', message('unit_stopping', debug)],
  ['9d1aaa27d60140bd96365438aad20286', message('unit_stop_done', debug)],
  ['7ad2d189f7e94e70a38c781354912448', message('unit_stopped', info, 'service', 'stopped')],
  ['d34d037fff1847e6ae669a370e694725', message('unit_reloading', debug)],
  ['7b05ebc668384222baa8881179cfda54', message('unit_reloaded', info)],
  ['be02cf6855d2428ba40df7e9d022f03d', message('unit_start_failed', high)],
  ['d9b373ed55a64feb8242e02dbe79a49c', message('unit_failed', error, 'service', 'failed')],
  ['0e4284a0caca4bfc81c0bb6786972673', message('unit_skipped', info)],
  ['98e322203f7a4ed290d09fe03c09fe15', message('unit_process_exit', warning, 'process')],
  ['641257651c1b4ec9a8624d7a40a9e1e7', message('unit_exec_failed', error, 'process')],
  ['5eb03494b6584870a536b337290809b3', message('unit_restart_scheduled', warning)],
  ['fe6faa94e7774663a0da52717891d8ef', message('unit_oom_kill', critical, 'memory')],
  ['d989611b15e44c9dbf31e3c81256e4ed', message('oomd_kill', critical, 'memory')],
  ['ae8f7b866b0347b9af31fe1c80b127c0', message('unit_resources', debug)],
  // Processes.
  ['fc2e22bc6ee647b6b90729ab34a250b1', message('core_dump', error, 'process')],
  // The machine.
  ['f77379a8490b408bbe5f6940505a777b', message('journal_started', debug, 'system')],
  ['d93fb3c9c24d451a97cea615ce59c00b', message('journal_stopped', debug, 'system')],
  ['a596d6fe7bfa4994828e72309e95d61e', message('journal_suppressed', warning, 'system')],
  ['e9bf28e6e834481bb6f48f548ad13606', message('journal_missed', warning, 'system')],
  ['b07a249cd024414a82dd00cd181378ff', message('system_started', info, 'system')],
  ['98268866d1d54a499c4e98921d93bc40', message('system_shutdown', warning, 'system')],
  ['6bbd95ee977941e497c48be27c254128', message('system_sleep', warning, 'system')],
  ['8811e6df2a8e40f58a94cea26f8ebf14', message('system_woke', info, 'system')],
  ['c7a787079b354eaaa9e77b371893cd27', message('clock_changed', warning, 'system')],
  ['50876a9db00f4c40bde1a2ad381c3a1b', message('system_unsafe_configuration', warning, 'system')]
])

/** What the service manager says without an id. */
const texts: readonly (readonly [RegExp, Message])[] = [
  [/: Start request repeated too quickly\.$/, message('unit_start_limit_hit', high)],
  [/: Watchdog timeout \(limit /, message('unit_watchdog_timeout', error)],
  [/: (?:start|stop|State '[\w-]+'|Start|Stop)(?: operation)? timed out\. (?:Terminating|Killing|Stopping|Aborting)/, message('unit_timeout', error)]
]

export function messageOf (id: string | undefined, text: string, fromManager: boolean): Message | undefined {
  const known = id === undefined ? undefined : catalogue.get(id)
  if (known !== undefined || !fromManager) return known
  return texts.find(([pattern]) => pattern.test(text))?.[1]
}
