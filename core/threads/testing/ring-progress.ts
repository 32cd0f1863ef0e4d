/** Words of `progress`: number last seen, first number this reader saw, faults (torn, or out of order after the first). */
export const Progress = { last: 0, first: 1, faults: 2 } as const
