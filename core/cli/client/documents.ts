/** Messages for programs: the JSON that the REST API gives too, in lines or as one document; YAML of the same. */
import { toJson, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import { safeYaml } from '../../story/documents.js'
import { safeJson } from '../../story/printable.js'

/** One line. */
export function jsonLine<S extends DescMessage> (schema: S, message: MessageShape<S>): string { return `${safeJson(JSON.stringify(toJson(schema, message)))}\n` }

/** Of several documents or one. */
export function jsonText (value: unknown): string { return `${safeJson(JSON.stringify(value, null, 2))}\n` }

/** One item of a list: items one after the other are a list. */
export function yamlItem<S extends DescMessage> (schema: S, message: MessageShape<S>): string { return safeYaml([toJson(schema, message)]) }
