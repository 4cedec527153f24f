/**
 * The operator's EXCLUDE patterns as rsync understands them (rsync(1), "PATTERN MATCHING RULES"), so that the files
 * rsync does not fetch are the ones whose absence we accept, and the ones we do not delete.
 *
 * Supported: `/` in front (from the root of the tree), `/` behind (folders only), `*`, `**`, `?`, `[…]`, `\`, and
 * a trailing `/***`. What lies in a hidden folder is hidden. rsync's prefixes (`+ `, `- `, `!`) are refused when the
 * settings are read.
 */

/** True for a path that the operator keeps for himself. */
export type Hidden = (path: string) => boolean

interface Rule {
  readonly foldersOnly: boolean
  readonly pattern: RegExp
}

/** `local_*` is the operator's at any depth, whatever his settings say (R72). */
const ALWAYS = ['local_*']

export function hiddenBy(patterns: readonly string[]): Hidden {
  const rules = [...ALWAYS, ...patterns].map(parseRule)
  return (path) => {
    const parts = path.split('/')
    return parts.some((_, at) => {
      const part = parts.slice(0, at + 1).join('/')
      const folder = at < parts.length - 1
      return rules.some((rule) => (folder || !rule.foldersOnly) && rule.pattern.test(part))
    })
  }
}

function parseRule(text: string): Rule {
  const foldersOnly = text.endsWith('/') && text.length > 1
  const body = foldersOnly ? text.slice(0, -1) : text
  const anchored = body.startsWith('/')
  const source = toPattern(anchored ? body.slice(1) : body)
  return { foldersOnly, pattern: new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`, 's') }
}

/** One token of a pattern: stars, one character, a class, or an escaped character. */
const TOKEN = /\/\*\*\*$|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|./gs

function toPattern(glob: string): string {
  return glob.replaceAll(TOKEN, (token) => {
    if (token === '/***') return '(?:/.*)?'
    if (token === '*') return '[^/]*'
    if (token.startsWith('**')) return '.*'
    if (token === '?') return '[^/]'
    if (token.startsWith('[') && token.length > 2) return toClass(token)
    return RegExp.escape(token.length === 2 && token.startsWith('\\') ? token.slice(1) : token)
  })
}

/** A class never matches a slash. One that makes no sense (`[z-a]`) stands for itself. */
function toClass(token: string): string {
  const negated = /^\[[!^]/.test(token)
  const inside = token.slice(negated ? 2 : 1, -1).replaceAll(/[\\\]^[]/g, '\\$&')
  const source = `(?!/)[${negated ? '^' : ''}${inside}]`
  try {
    return new RegExp(source).source
  } catch {
    return RegExp.escape(token)
  }
}
