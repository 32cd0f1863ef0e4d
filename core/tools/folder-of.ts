/** Where the rooms are. Connectors live with the processors: they are steps between pipelines. */
import { join } from 'node:path'
import type { ComponentFactory } from '../component/factory.js'

const rooms = { receiver: 'receivers', processor: 'processors', connector: 'processors', exporter: 'exporters', extension: 'extensions' } as const

/** A component's folder, from the root of the repository. */
export function folderOf ({ kind, type }: ComponentFactory): string { return join(rooms[kind], type.replaceAll('_', '-')) }
