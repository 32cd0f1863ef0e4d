/** Links that were up and are down. Pure. */
import { Severity } from '../../core/data/enums.js'
import { linkFlags, type LinkMessage } from '../../native/index.js'
import { isUp, type Link, type NetworkState } from './network-state.js'
import type { Problem } from './problems.js'
import { subjectText, type Subjects } from './subjects.js'

type States = readonly { readonly inode: number, readonly state: NetworkState }[]

export function linkProblems (states: States, subjects: Subjects, afterMs: number, holderIn: (inode: number) => string): Problem[] {
  return states.flatMap(({ inode, state }) => [...state.links()].filter(link => isDown(link) && !isOtherEnd(link.message, states)).map(({ message: { index, name, flags, type } }) => {
    const subject = subjects.ofNamespace(inode, holderIn(inode))
    const pod = inode !== 0 && subject.netns !== ''
    const how = (flags & linkFlags.up) === 0 ? 'was set down' : 'lost its carrier'
    return {
      name: 'link_down', key: `link_down/${inode}/${index}`, severity: pod ? Severity.error : Severity.warning, afterMs, subject, interfaceName: name,
      message: `interface ${name} of ${subjectText(subject)} ${how}: nothing reaches it`,
      over: `interface ${name} of ${subjectText(subject)} is up again or removed`,
      attributes: { 'tapio.link.index': BigInt(index), 'tapio.link.type': type, 'tapio.link.set_down': (flags & linkFlags.up) === 0 }
    }
  }))
}

/** A bridge has no carrier when it has no ports: that of a node without pods. */
function isDown ({ message: { flags, type }, wasUp }: Link): boolean {
  return wasUp && !isUp(flags) && !(type === 'bridge' && (flags & linkFlags.up) !== 0)
}

/** Without carrier because the other end of the pair was set down, which is told of that one. Ends name each other by index. */
function isOtherEnd ({ type, index, peer, flags }: LinkMessage, states: States): boolean {
  if (type !== 'veth' || (flags & linkFlags.up) === 0) return false
  return states.some(({ state }) => {
    const other = state.link(peer)
    return other?.message.type === 'veth' && other.message.peer === index && other.wasUp && (other.message.flags & linkFlags.up) === 0
  })
}
