import { Option } from 'commander'

/** Options that several commands share. */
const collect = (file: string, files: readonly string[]) => [...files, file]

export function keysOption(): Option {
  return new Option('--keys <file>', 'public keys of a further publisher; may be given again')
    .argParser(collect)
    .default([], 'ClamAV only')
}

export function unsignedOption(): Option {
  return new Option('--unsigned', 'accept a .cud, which nobody signs, if all its sums hold')
}
