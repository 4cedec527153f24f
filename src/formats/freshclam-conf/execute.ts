/**
 * What `OnUpdateExecute`, `OnErrorExecute` and `OnOutdatedExecute` ask for (freshclam.conf(5); tried with freshclam 1.4.6):
 * `EXIT_n` is the status to end with, whatever stands behind it; all else is a command for the shell.
 */
export type Execute =
  | { readonly kind: 'end-with'; readonly status: number }
  /** No status: freshclam takes what is left of 300 by 256, which is nothing that anybody means. */
  | { readonly kind: 'bad-status'; readonly text: string }
  | { readonly kind: 'shell'; readonly command: string }

const STATUS_MAX = 255
/** As long as any version of ClamAV was, and more. */
const VERSION_CHARS_MAX = 32
const VERSION = /^\d+(?:\.\d+)*$/

/**
 * `version` is the new one for `OnOutdatedExecute`, and fills in each `%v`: freshclam means to, and fills in nothing.
 * What is not digits and dots comes from an update record that somebody forged, and is left out. Without `version`, as
 * for the other two options, `%v` stays.
 */
export function readExecute(value: string, version?: string): Execute {
  const number = /^EXIT_[ \t]*([+-]?\d+)/.exec(value)?.[1]
  if (number !== undefined) {
    const status = Number(number)
    const fits = status >= 0 && status <= STATUS_MAX
    return fits ? { kind: 'end-with', status } : { kind: 'bad-status', text: `EXIT_${number}` }
  }
  if (version === undefined) return { kind: 'shell', command: value }
  const isVersion = version.length <= VERSION_CHARS_MAX && VERSION.test(version)
  return { kind: 'shell', command: value.replaceAll('%v', isVersion ? version : '') }
}
