/** `/local_stats/` behind a login of its own (R77–R79, decision 18): our pages, and the operator's files beside them. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { basicLogin } from './clients.ts'

export interface PageBody {
  readonly contentType: string
  readonly body: string
}

export interface GuardedPages {
  readonly user: string
  readonly password: string
  /** By path below `local_stats/`; `''` is the page of the folder. Undefined: the operator's file of that name, if any. */
  readonly page: (path: string) => PageBody | undefined | Promise<PageBody | undefined>
}

const FOLDER = 'local_stats'

export function isGuarded(path: string): boolean {
  return path === FOLDER || path.startsWith(`${FOLDER}/`)
}

export async function pageOf({ page }: GuardedPages, path: string): Promise<PageBody | undefined> {
  return await page(path.slice(FOLDER.length + 1))
}

/** `Authorization: Basic …` (RFC 7617), compared without telling how much of it was right. */
export function mayEnter({ user, password }: GuardedPages, authorization: string): boolean {
  const given = basicLogin(authorization)
  return given !== undefined && timingSafeEqual(digest(`${user}:${password}`), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
