import { confValues, parseConfBool, parseConfNumber } from '#base/clam-conf.ts'
import { unreachable } from '#base/outcome.ts'
import type { FreshclamConf } from './conf.ts'
import { FRESHCLAM_OPTIONS, type OptionName, type OptionsOf, parseSize } from './options.ts'

/** What a configuration says about one option, defaults included; the first of several counts. */
export function boolOf(conf: FreshclamConf, name: OptionsOf<'bool'>): boolean {
  const text = firstOf(conf, name)
  return (text === undefined ? undefined : parseConfBool(text)) ?? FRESHCLAM_OPTIONS[name].default
}

/** Undefined where it is not given and has no default. Sizes are in bytes. */
export function numberOf(
  conf: FreshclamConf,
  name: OptionsOf<'number' | 'size'>,
): number | undefined {
  const text = firstOf(conf, name)
  const rule = FRESHCLAM_OPTIONS[name]
  const given =
    text === undefined ? undefined : rule.type === 'size' ? parseSize(text) : parseConfNumber(text)
  return given ?? ('default' in rule ? rule.default : undefined)
}

export function textOf(conf: FreshclamConf, name: OptionsOf<'text'>): string | undefined {
  const rule = FRESHCLAM_OPTIONS[name]
  return firstOf(conf, name) ?? ('default' in rule ? rule.default : undefined)
}

/** All values of an option that may be repeated. */
export function textsOf(conf: FreshclamConf, name: OptionsOf<'texts'>): readonly string[] {
  return confValues(conf.lines, name)
}

/** Where freshclam fetches from, and how (formats.md 5.2). */
export type Servers =
  /** No TXT record is asked for, and no patches are fetched. */
  | { readonly kind: 'private'; readonly urls: readonly string[] }
  | {
      readonly kind: 'public'
      readonly urls: readonly string[]
      /** Name of the TXT record. `no` is a name like any other (trap 12). */
      readonly recordName: string
      readonly patches: boolean
    }
  | { readonly kind: 'none'; readonly reason: NoServer }

export type NoServer =
  | { readonly kind: 'no-mirror-given' }
  /** freshclam stops with an error: ClamAV's servers are no private mirrors. */
  | { readonly kind: 'private-mirror-of-clamav'; readonly value: string }

const CLAMAV_SERVER = 'https://database.clamav.net'

export function serversOf(conf: FreshclamConf): Servers {
  const privates = textsOf(conf, 'PrivateMirror')
  const wrong = privates.find((value) => value.includes('.clamav.net'))
  if (wrong !== undefined) {
    return { kind: 'none', reason: { kind: 'private-mirror-of-clamav', value: wrong } }
  }
  if (privates.length > 0) {
    return { kind: 'private', urls: privates.map((value) => withScheme(value, 'http')) }
  }
  const mirrors = textsOf(conf, 'DatabaseMirror')
  if (mirrors.length === 0) return { kind: 'none', reason: { kind: 'no-mirror-given' } }
  return {
    kind: 'public',
    urls: mirrors.map((value) =>
      value.startsWith('db.') && value.includes('.clamav.net')
        ? CLAMAV_SERVER
        : withScheme(value, 'https'),
    ),
    recordName: textOf(conf, 'DNSDatabaseInfo') ?? '',
    patches: boolOf(conf, 'ScriptedUpdates'),
  }
}

export function describeNoServer(reason: NoServer): string {
  switch (reason.kind) {
    case 'no-mirror-given':
      return 'neither DatabaseMirror nor PrivateMirror is given'
    case 'private-mirror-of-clamav':
      return `PrivateMirror "${reason.value}" is a server of ClamAV`
    default:
      return unreachable(reason)
  }
}

function withScheme(value: string, scheme: 'http' | 'https'): string {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(value) ? value : `${scheme}://${value}`
}

function firstOf(conf: FreshclamConf, name: OptionName): string | undefined {
  return confValues(conf.lines, name)[0]
}
