/**
 * Every code a fault can carry. Codes are never reused or renumbered: people search for them and tools match on them.
 * The text is the general meaning; a fault's own message says what was found where.
 */
export const faultCodes = {
  CFG001: 'a source cannot be read',
  CFG002: 'a source is larger than allowed',
  CFG003: 'a source is not UTF-8 text',
  CFG004: 'the text is not YAML',
  CFG005: 'a key is written twice in one map',
  CFG006: 'a file holds more than one YAML document',
  CFG007: 'the document is nested too deep or expands to too many values',
  CFG008: 'an alias has no anchor',
  CFG009: 'the top level of a document is not a map',
  CFG010: '`--set` is malformed',
  CFG011: 'a key cannot be used',
  CFG012: 'a merge key (`<<`) does not name maps',
  CFG013: 'nothing is configured',
  CFG020: 'an environment variable is not set and has no default',
  CFG021: 'a `${…}` is malformed',
  CFG022: 'a `${scheme:…}` has an unknown scheme',
  CFG023: 'a file named by `${file:…}` cannot be used',
  CFG030: 'a value has the wrong type',
  CFG031: 'an option is not known',
  CFG032: 'a required option is missing',
  CFG033: 'a value is not one of the allowed ones',
  CFG034: 'a value is out of bounds',
  CFG035: 'a duration, size, address or URL cannot be read',
  CFG036: 'a text does not have the required form',
  CFG037: 'a list, map or text has the wrong length',
  CFG038: 'a list holds an item twice',
  CFG039: 'a value fits none of the allowed forms',
  CFG040: 'an option has no value',
  CFG041: 'a component refuses its options',
  CFG042: 'a value breaks another rule of its schema',
  CFG043: 'an option has another name now',
  CFG050: 'a component type is not known',
  CFG051: 'a component id is malformed',
  CFG052: 'a component cannot check its options (a bug of the component)',
  CFG053: 'a connector has the id of a receiver or exporter',
  CFG060: 'a pipeline or service names a component that is not defined',
  CFG061: 'a component is used in the wrong place',
  CFG062: 'a component is named twice in one list',
  CFG063: 'a pipeline has no receivers or no exporters',
  CFG064: 'there are no pipelines',
  CFG065: 'a pipeline name is malformed',
  CFG066: 'a component cannot carry the signal of its pipeline',
  CFG067: 'a connector is used on one side only',
  CFG068: 'pipelines form a cycle',
  CFG069: 'a component is defined but not used',
  CFG070: 'a pipeline name looks like a misspelt signal',
  CFG071: '`buffer_size` does not fit the mode',
  CFG072: 'the API would be open to other machines without asking who calls',
  CFG073: 'two parts of Tapio would listen on one endpoint',
  CFG074: 'who may call the API is not clear',
  CFG075: 'a plugin cannot be used',
  CFG080: 'this build lacks a component that the short form names',
  CFG081: 'an option of the short form has no effect',
  CFG082: 'a collector of the short form is not known'
} as const

/** Of pattern files (core/patterns), which share the other codes for what YAML and shapes can have wrong. */
export const patternFaultCodes = {
  PAT001: 'an expression cannot be used',
  PAT002: 'a pattern id is taken',
  PAT003: 'no such sign is known',
  PAT004: 'a name is taken',
  PAT006: 'a pattern has no test',
  PAT007: 'a test names objects that are not there',
  PAT008: 'a condition says nothing, or two things',
  PAT009: 'no pattern files are there'
} as const

export type FaultCode = keyof typeof faultCodes | keyof typeof patternFaultCodes
