import type { EngineFacts } from './network.ts'
import type { AnswerPolicy, Authority } from './snapshot.ts'

/** No engine warns (decision 17). */
export const DEFAULT_ENGINE: EngineFacts = {
  newestClamav: '1.4.6',
  versionWarning: 0,
  level: 90,
  safebrowsing: undefined,
}

/** For whoever makes a snapshot and was told nothing else. */
export const DEFAULT_POLICY: AnswerPolicy = {
  // Eight addresses with name and CNAME fit into 512 bytes, in both families.
  addressesMax: 8,
  // A client that fails at two has a third.
  nearMirrorsMin: 3,
  ttl: { mirrors: 120, wobbling: 20, records: 60, hosts: 3600 },
  certificateIssuers: [],
  overrideClamavNet: false,
}

/** A secondary that hears nothing for a day gives up: by then the update record is worthless, too. */
export const DEFAULT_AUTHORITY: Authority = {
  primary: 'ns1',
  mailbox: 'hostmaster',
  refresh: 600,
  retry: 120,
  expire: 86_400,
  minimum: 60,
}
