/** Faster text for protobuf-es: most strings of events are short, and for those `Buffer.from` takes 0.13 us where a TextEncoder takes 0.6. Import it for its effect. */
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire'

configureTextEncoding({ ...getTextEncoding(), encodeUtf8: text => Buffer.from(text) })
