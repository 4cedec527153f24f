/** What is wrong with a settings file. All faults are told at once, and none repeats a value. */
export type SettingsFault =
  | { readonly kind: 'too-large'; readonly line: number; readonly charsMax: number }
  | { readonly kind: 'syntax'; readonly line: number; readonly message: string }
  | {
      readonly kind: 'unknown-key'
      readonly line: number
      readonly path: string
      readonly meant: string | undefined
    }
  | { readonly kind: 'secret-in-file'; readonly line: number; readonly path: string }
  | {
      readonly kind: 'bad-value'
      readonly line: number
      readonly path: string
      readonly wanted: string
    }
  | {
      readonly kind: 'missing'
      readonly line: number
      readonly path: string
      readonly wanted: string
    }
  | {
      readonly kind: 'impossible'
      readonly line: number
      readonly path: string
      readonly reason: string
    }

/** One line for an operator: `line 12: master.push.retries wants a whole number from 0 to 100`. */
export function describeSettingsFault(fault: SettingsFault): string {
  return `line ${fault.line}: ${words(fault)}`
}

function words(fault: SettingsFault): string {
  switch (fault.kind) {
    case 'too-large':
      return `the file has more than ${fault.charsMax} characters`
    case 'syntax':
      return fault.message
    case 'unknown-key':
      return `${fault.path} is not a setting${fault.meant === undefined ? '' : `; did you mean "${fault.meant}"?`}`
    case 'secret-in-file':
      return `${fault.path}: secrets do not stand in this file; use password_file or password_env`
    case 'bad-value':
      return `${fault.path} wants ${fault.wanted}`
    case 'missing':
      return `${fault.path} is missing; it wants ${fault.wanted}`
    case 'impossible':
      return `${fault.path}: ${fault.reason}`
  }
}
