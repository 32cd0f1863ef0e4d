/** What the process's exit code means. 64 and up follow sysexits.h, as other collectors do for a bad configuration. */
export const exitCodes = {
  ok: [0, 'Ended in order.'],
  failure: [1, 'Could not start, or a component or thread failed for good.'],
  usage: [2, 'Wrong command line.'],
  undelivered: [3, 'Ended, but not all was delivered: the drain deadline passed with events inside (they are counted in the log), or a replay left some.'],
  incomplete: [4, 'Translated, but something has no counterpart: it was said, and is marked in what was written.'],
  config: [78, 'The configuration is faulty; every fault was printed.'],
  interrupted: [130, 'A second signal ended the process at once, or a signal a question that was not answered yet.']
} as const satisfies Record<string, readonly [number, string]>

export type ExitName = keyof typeof exitCodes

export const codeOf = (name: ExitName): number => exitCodes[name][0]
