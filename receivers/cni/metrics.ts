import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const activeProblems: MetricDeclaration = { name: 'cni_problems', kind: 'gauge', unit: '', description: 'Problems that are there now' }
export const namespaces: MetricDeclaration = { name: 'cni_namespaces', kind: 'gauge', unit: '', description: 'Network namespaces: `watched`, and those that could not be entered (`unreadable`)', attributes: ['state'] }
export const addresses: MetricDeclaration = { name: 'ipam_addresses', kind: 'gauge', unit: '', description: 'Addresses of a network\'s ranges: `used` and `free`', attributes: ['network', 'ranges', 'state'] }
export const netlinkFaults: MetricDeclaration = { name: 'netlink_faults', kind: 'counter', unit: '', description: 'Times messages were lost and everything was asked for anew (`lost`), messages that could not be read (`malformed`), links and addresses that had no room (`no_room`)', attributes: ['kind'] }
export const pluginRuns: MetricDeclaration = { name: 'cni_plugin_runs', kind: 'counter', unit: '', description: 'Runs of plugins that ended', attributes: ['plugin', 'result'] }
export const missedRuns: MetricDeclaration = { name: 'cni_plugin_runs_missed', kind: 'counter', unit: '', description: 'Runs that could not be followed: records lost in the kernel, or too many at a time', attributes: ['reason'] }
export const droppedProblems: MetricDeclaration = { name: 'cni_problems_dropped', kind: 'counter', unit: '', description: 'Problems that had no room beside 10,000 others' }
