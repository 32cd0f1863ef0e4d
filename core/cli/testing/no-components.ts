/** The catalog of a build without components. */
import type { ComponentFactory } from '../../component/factory.js'

export const components: readonly ComponentFactory[] = []
