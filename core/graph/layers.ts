/** The order of a graph's life: started from the first to the last, on all threads, and stopped the other way round. */
export const layers = ['extensions', 'exporters', 'processors', 'early', 'receivers'] as const
export type Layer = (typeof layers)[number]

/** The order in which rows flow: what drains a graph. */
export const flowOrder: readonly Layer[] = [...layers].reverse()
