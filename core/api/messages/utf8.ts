/**
 * How protobuf's runtime writes text: through Buffer, which is several times faster for the short texts that events are made of than
 * the TextEncoder it uses by itself (half of the time of encoding a page of events).
 */
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire'

/** Once a process; a second time changes nothing. */
export function writeTextFast (): void {
  configureTextEncoding({ ...getTextEncoding(), encodeUtf8: text => Buffer.from(text, 'utf8') })
}
