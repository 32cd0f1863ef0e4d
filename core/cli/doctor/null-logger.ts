/** For parts that log: what matters of it stands in findings. */
import type { Logger } from '../../telemetry/logger.js'

const quiet = (): void => undefined
export const nullLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => nullLogger }
