import { REGIONS } from '#base/region.ts'
import {
  CLASS,
  type DnsName,
  dnsName,
  internetRecord,
  type ResourceRecord,
  TYPE,
} from '#formats/dns-message/index.ts'
import { countryCodes } from '../selection/index.ts'
import { answerQuestion } from './answer.ts'
import { addressRecords, nameServerRecords, soaRecord, transferTime } from './records.ts'
import type { ZoneSnapshot } from './snapshot.ts'
import { NOWHERE, ZoneView } from './view.ts'

/**
 * The zone as one list of records, for secondaries that know nothing of places: `database` and `db.local` are everybody's,
 * of each set the members that have their turn at this serial. A pure function of the snapshot, so every name server
 * transfers the same for one serial. Without the SOA, which stands at both ends of a transfer.
 */
export function staticRecords(snapshot: ZoneSnapshot): readonly ResourceRecord[] {
  const view = new ZoneView(snapshot)
  const { zone } = view
  const { ttl } = snapshot.policy
  const { answer } = nameServerRecords(zone, snapshot)
  const hosts = [
    ...snapshot.nameServers,
    ...snapshot.masters,
    ...snapshot.mirrors.map(({ name, addresses }) => ({
      name,
      addresses: addresses.map(({ bytes }) => bytes),
    })),
  ].flatMap((host) => addressRecords(dnsName(host.name, zone), host, ttl.hosts))
  const rsync = snapshot.masters.flatMap((host) =>
    addressRecords(dnsName('rsync', zone), host, ttl.hosts),
  )
  const labels = [...REGIONS, ...countryCodes().map((code) => code.toLowerCase()), 'local', 'test']
  const pools = labels.flatMap((label) => {
    const owner = dnsName('db', label, zone)
    return label === 'local' ? everybody(view, owner) : addressesAt(view, owner)
  })
  const databases = [...(snapshot.announced?.versions.keys() ?? [])]
  const texts = ['current', ...databases].flatMap((name) =>
    recordsAt(view, dnsName(name.toLowerCase(), 'cvd', zone), TYPE.TXT),
  )
  return [
    ...answer,
    ...recordsAt(view, zone, TYPE.CAA),
    ...hosts,
    ...rsync,
    ...everybody(view, dnsName('database', zone)),
    ...pools,
    ...texts,
  ]
}

export function staticSoa(snapshot: ZoneSnapshot): ResourceRecord {
  return soaRecord(dnsName(snapshot.zone), snapshot)
}

/** What every name without a place is answered, under another name. */
function everybody(view: ZoneView, owner: DnsName): readonly ResourceRecord[] {
  return addressesAt(view, dnsName('db.test', view.zone)).map((record) =>
    internetRecord(owner, record.ttl, record.data),
  )
}

function addressesAt(view: ZoneView, name: DnsName): readonly ResourceRecord[] {
  return [...recordsAt(view, name, TYPE.A), ...recordsAt(view, name, TYPE.AAAA)]
}

/** At the turn of the serial, and at a time that is the same on every server. */
function recordsAt(view: ZoneView, name: DnsName, type: number): readonly ResourceRecord[] {
  const { snapshot } = view
  const question = { name, type, class: CLASS.IN }
  return answerQuestion(view, question, NOWHERE, snapshot.serial, transferTime(snapshot)).answer
}
