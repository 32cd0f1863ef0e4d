/** The `format` words that schemas may use. Others are ignored by the validator, as the JSON Schema rules allow. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  uri: text => URL.canParse(text),
  'date-time': text => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
  ipv4: text => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every(part => Number(part) <= 255),
  hostname: text => text.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(text),
  uuid: text => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
  regex: text => {
    try {
      return new RegExp(text, 'u').source !== ''
    } catch {
      return false
    }
  }
}
