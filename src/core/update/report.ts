/** What came of an update, for the operator and for whoever calls the command. */
import type { DbName, DbVersion } from '#base/names.ts'

export type DatabaseEnd =
  | { readonly kind: 'up-to-date'; readonly version: DbVersion }
  /** What the servers have is older. */
  | { readonly kind: 'ahead'; readonly version: DbVersion; readonly newest: DbVersion }
  | Updated
  /** No server has what was announced yet. */
  | { readonly kind: 'behind'; readonly version: DbVersion; readonly newest: DbVersion }
  | NotFetched

export type NotFetched =
  /** What came is not to be used, whatever server was asked. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }
  | { readonly kind: 'unreached'; readonly reasons: readonly string[] }
  /** Of this machine: the disk is full, a folder forbids. */
  | { readonly kind: 'failed'; readonly reasons: readonly string[] }
  /** Every server asked to be left alone, for so many seconds. */
  | { readonly kind: 'left-alone'; readonly seconds: number }

/** Of a file that is taken as it is. */
export type CustomEnd =
  | { readonly kind: 'up-to-date' }
  | { readonly kind: 'updated'; readonly bytes: number }
  | NotFetched

export interface Updated {
  readonly kind: 'updated'
  /** Undefined: there was none. */
  readonly from: DbVersion | undefined
  readonly to: DbVersion
  /** What was announced, where no server has all of it yet. */
  readonly newest: DbVersion
  readonly way: 'patches' | 'whole'
  readonly signatures: number
  /** Fetched, in bytes. */
  readonly bytes: number
  /** The last that something was taken from. */
  readonly server: string
}

export interface UpdateReport {
  readonly databases: ReadonlyMap<DbName, DatabaseEnd>
  /** By address. */
  readonly custom: ReadonlyMap<string, CustomEnd>
  /** Of the engine, where older ones are to be warned. */
  readonly newestClamav: string | undefined
}

/** As the contract has it: 0 done · 1 refused · 3 the world failed. */
export function statusOf({ databases, custom }: UpdateReport): 0 | 1 | 3 {
  const kinds = new Set([...databases.values(), ...custom.values()].map(({ kind }) => kind))
  if (kinds.has('refused')) return 1
  return kinds.has('unreached') || kinds.has('failed') ? 3 : 0
}

/** A line for people. */
export function describeEnd(name: DbName, end: DatabaseEnd): string {
  switch (end.kind) {
    case 'up-to-date':
      return `${name} is up to date, version ${end.version}`
    case 'ahead':
      return `${name} stays at version ${end.version}: the servers have ${end.newest}`
    case 'behind':
      return `${name} stays at version ${end.version}: ${end.newest} is announced and on no server yet`
    case 'updated': {
      const from = end.from === undefined ? 'is new:' : `${end.from} →`
      const way = end.way === 'patches' ? 'by patches' : 'whole'
      const behind = end.to < end.newest ? `; ${end.newest} is announced and on no server yet` : ''
      return `${name} ${from} version ${end.to}, ${way}, ${end.signatures} signatures, ${end.bytes} bytes from ${end.server}${behind}`
    }
    default:
      return describeNotFetched(name, end)
  }
}

export function describeCustomEnd(url: string, end: CustomEnd): string {
  switch (end.kind) {
    case 'up-to-date':
      return `${url} is up to date`
    case 'updated':
      return `${url} was updated, ${end.bytes} bytes`
    default:
      return describeNotFetched(url, end)
  }
}

function describeNotFetched(what: string, end: NotFetched): string {
  return end.kind === 'left-alone'
    ? `${what} was not updated: the servers ask to be left alone for ${end.seconds} seconds`
    : `${what} was not updated: ${end.reasons.join('; ')}`
}

/** Something new is here, so the scanner should load it. */
export function hasNews({ databases, custom }: UpdateReport): boolean {
  return [...databases.values(), ...custom.values()].some(({ kind }) => kind === 'updated')
}

/** Seconds for which the servers ask to be left alone, the longest of all. */
export function leftAloneSeconds({ databases, custom }: UpdateReport): number {
  const ends = [...databases.values(), ...custom.values()]
  return Math.max(0, ...ends.map((end) => (end.kind === 'left-alone' ? end.seconds : 0)))
}
