import { MessageWriter, type ResourceRecord, writeRecord } from '#formats/dns-message/index.ts'

/** Which records went and came from one state of a zone to another. */
export function changesBetween(
  before: readonly ResourceRecord[],
  after: readonly ResourceRecord[],
): { readonly gone: readonly ResourceRecord[]; readonly come: readonly ResourceRecord[] } {
  const old = byBytes(before)
  const fresh = byBytes(after)
  return {
    gone: [...old].filter(([key]) => !fresh.has(key)).map(([, record]) => record),
    come: [...fresh].filter(([key]) => !old.has(key)).map(([, record]) => record),
  }
}

function byBytes(records: readonly ResourceRecord[]): ReadonlyMap<string, ResourceRecord> {
  return new Map(
    records.map((record) => {
      const writer = new MessageWriter({ compress: false })
      writeRecord(writer, record)
      return [writer.written().toString('latin1'), record]
    }),
  )
}
