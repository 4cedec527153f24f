import { epochMs } from '#base/time.ts'
import type { Letter, ListName, Recipient } from './letter.ts'

/** A letter as the outbox keeps it. */
export function printLetter(letter: Letter): string {
  return JSON.stringify(letter)
}

/** Undefined when it is none: an outbox of another version, or damaged. */
export function parseLetter(json: string): Letter | undefined {
  const value = parseJson(json)
  if (!isObject(value)) return undefined
  const { id, thread, to, at, subject, text } = value
  if (typeof id !== 'string' || typeof subject !== 'string' || typeof text !== 'string') {
    return undefined
  }
  if (!/^[0-9a-f]{1,64}$/.test(id) || typeof at !== 'number' || !Array.isArray(to)) return undefined
  if (!Array.isArray(thread) || !thread.every((one) => typeof one === 'string')) return undefined
  const recipients = to.map(recipient)
  if (!recipients.every((one) => one !== undefined)) return undefined
  return { id, thread, to: recipients, at: epochMs(at), subject, text }
}

const LISTS: readonly ListName[] = ['virusdb', 'mirrors', 'team']

function recipient(value: unknown): Recipient | undefined {
  if (!isObject(value)) return undefined
  const { kind, list, mirror } = value
  const known = LISTS.find((name) => name === list)
  if (kind === 'list' && known !== undefined) return { kind, list: known }
  if (kind === 'operator' && typeof mirror === 'string') return { kind, mirror }
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
