import { printIpAddress } from '#base/ip-address.ts'
import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import {
  CLASS,
  parseDnsName,
  type Question,
  type RecordData,
  rcodeName,
  TYPE,
  typeName,
  typeOf,
} from '#formats/dns-message/index.ts'
import {
  describeSigning,
  explainSigning,
  type SigningExplanation,
  type ZoneKey,
} from '../dnssec/index.ts'
import { describeLeftOut, type Tier } from '../selection/index.ts'
import { type Choice, reasonAbout } from './answer.ts'
import { recordTime } from './records.ts'
import type { ZoneSnapshot } from './snapshot.ts'
import { alarmsOf, describeAlarm } from './succession.ts'
import { updateRecordText } from './update-text.ts'
import { type ClientPlace, ZoneView } from './view.ts'

/** Who asks, and by which data he is where he is. */
export interface ExplainedClient {
  readonly address: string
  readonly place: ClientPlace
  readonly by: 'override' | 'data' | 'nothing'
}

/** What would be answered and why; plain, for JSON. */
export interface Explanation {
  readonly zone: string
  readonly serial: number
  readonly heardAt: string
  readonly client: {
    readonly address: string
    readonly country: string | null
    readonly region: string
    readonly by: ExplainedClient['by']
  }
  readonly name: string
  readonly record: string | null
  readonly answers: readonly ExplainedAnswer[]
  /** Absent: the zone is not signed. */
  readonly dnssec?: SigningExplanation
  readonly alarms: readonly string[]
}

export interface ExplainedAnswer {
  readonly type: string
  readonly rcode: string
  readonly records: readonly string[]
  /** Undefined where no mirror is chosen for that name. */
  readonly choice?: {
    readonly tier: Tier
    readonly by: string
    readonly mirrors: readonly string[]
    readonly leftOut: readonly { readonly mirror: string; readonly why: string }[]
  }
}

const TIER_WORDS: Readonly<Record<Tier, string>> = {
  announced: 'mirrors at the announced release',
  'one-behind': 'no mirror is at the announced release: those one release behind',
  'last-good': 'no mirror is healthy: those that were good last',
  listed: 'no mirror was ever healthy: all that are listed',
  nobody: 'no mirror is listed',
}

/** Undefined when `name` is no domain name. The turn is the first; others come round. `keys` are those of a signed zone. */
export function explain(
  snapshot: ZoneSnapshot,
  client: ExplainedClient,
  name: string,
  now: EpochSeconds,
  keys?: readonly ZoneKey[],
): Explanation | undefined {
  const parsed = parseDnsName(name)
  if (!parsed.ok) return undefined
  const view = new ZoneView(snapshot)
  const { country, region } = client.place
  return {
    zone: snapshot.zone,
    serial: snapshot.serial,
    heardAt: rfc3339(snapshot.heardAt),
    client: { address: client.address, country: country ?? null, region, by: client.by },
    name: parsed.value,
    record: updateRecordText(snapshot, recordTime(snapshot, now)) ?? null,
    answers: [TYPE.A, TYPE.AAAA, TYPE.TXT].flatMap((type) => {
      const question = { name: parsed.value, type, class: CLASS.IN }
      return explainOne(view, question, client.place, now)
    }),
    ...(keys && { dnssec: explainSigning(view.zone, keys, parsed.value, now) }),
    alarms: alarmsOf(snapshot, now).map(describeAlarm),
  }
}

/** TXT is told where there is one; addresses always. */
function explainOne(
  view: ZoneView,
  question: Question,
  place: ClientPlace,
  now: EpochSeconds,
): readonly ExplainedAnswer[] {
  const { rcode, answer, choice } = reasonAbout(view, question, place, 0, now)
  const own = answer.filter(({ data }) => typeOf(data) === question.type)
  if (question.type === TYPE.TXT && own.length === 0) return []
  return [
    {
      type: typeName(question.type),
      rcode: rcodeName(rcode),
      records: answer.map(
        ({ name, ttl, data }) => `${name} ${ttl} ${typeName(typeOf(data))} ${words(data)}`,
      ),
      ...(choice && { choice: choiceOf(choice) }),
    },
  ]
}

function choiceOf({ tier, by, chosen, leftOut }: Choice): NonNullable<ExplainedAnswer['choice']> {
  return {
    tier,
    by,
    mirrors: chosen.map(({ mirror }) => mirror.name),
    leftOut: leftOut.map(({ mirror, why }) => ({ mirror: mirror.name, why: describeLeftOut(why) })),
  }
}

/** A line each, for people. */
export function describeExplanation(explanation: Explanation): readonly string[] {
  const { client, name, answers, dnssec, alarms } = explanation
  const where = client.country === null ? 'at an unknown place' : `in ${client.country}`
  const by = { override: 'by an override', data: 'by the data', nothing: 'no data has it' }[
    client.by
  ]
  return [
    `${client.address} is ${where} (${by}), region ${client.region}`,
    `zone ${explanation.zone}, serial ${explanation.serial}, heard ${explanation.heardAt}`,
    ...(explanation.record === null
      ? ['nothing is announced']
      : [`announced: ${explanation.record}`]),
    ...answers.flatMap((answer) => describeAnswer(name, answer)),
    ...(dnssec === undefined ? [] : describeSigning(dnssec)),
    ...alarms.map((alarm) => `ALARM: ${alarm}`),
  ]
}

function describeAnswer(name: string, { type, rcode, records, choice }: ExplainedAnswer) {
  const head =
    records.length === 0 ? [`${name} ${type}: ${rcode}, no records`] : [`${name} ${type}:`]
  const chosen =
    choice === undefined ? [] : [`  chosen by ${choice.by} from ${TIER_WORDS[choice.tier]}`]
  const left = (choice?.leftOut ?? []).map(({ mirror, why }) => `  not ${mirror}: ${why}`)
  return [...head, ...records.map((record) => `  ${record}`), ...chosen, ...left]
}

function words(data: RecordData): string {
  switch (data.kind) {
    case 'address':
      return printIpAddress(data.bytes)
    case 'ns':
    case 'cname':
      return data.target
    case 'txt':
      return data.strings
        .map((one) => JSON.stringify(Buffer.from(one).toString('latin1')))
        .join(' ')
    case 'soa':
      return `${data.primary} ${data.serial}`
    case 'caa':
      return `${data.flags} ${data.tag} "${data.value}"`
    case 'other':
      return Buffer.from(data.bytes).toString('hex')
  }
}
