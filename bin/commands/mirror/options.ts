import { Option } from 'commander'

/** Options that the commands on the registry share. */
export interface OfficeFlags {
  readonly config: string
  readonly json?: boolean
}

export function configOption(): Option {
  return new Option('--config <file>', 'settings of a master or monitor').default('cvdnet.toml')
}

export function jsonOption(): Option {
  return new Option('--json', 'one JSON document on standard output')
}

export function reasonOption(): Option {
  return new Option('--reason <text>', 'for its operator and the journal').makeOptionMandatory()
}

/** May be given again. */
export function listOption(flags: string, about: string): Option {
  return new Option(flags, about)
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], 'none')
}
