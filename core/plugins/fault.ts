/** Why a plugin cannot be used, in words for whoever wrote `plugins:`. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault'
  /** `help` says what to do, when the message alone does not. */
  constructor (message: string, readonly help?: string) { super(message) }
}
