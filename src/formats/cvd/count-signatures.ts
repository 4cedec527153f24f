import { toLatin1 } from '#base/bytes.ts'
import { FILE_TYPES, LOGICAL_ATTRIBUTES } from './file-types.ts'
import type { IgnoredNames } from './ignored-names.ts'

/**
 * How many signatures an engine of a given level finds in a member: what sigtool writes into field 3 of a header. It
 * is what the engine *loads*, so comments do not count, nor does a line for younger or older engines, for an unknown
 * target or file type, or one that `.ign2` switches off; and whole members never do (`.cfg .ftm .ign .ign2 .wdb
 * .crb`), while false positives (`.fp .sfp`) do. Read off sigtool 1.4.6, kind by kind (`test/interop/build.test.ts`).
 * Lines are taken to be good; a checker of lines stands elsewhere. Not known here: the levels inside bytecode.
 */
export interface CountingEngine {
  readonly level: number
  readonly ignored: IgnoredNames
}

type Loads = (line: string, engine: CountingEngine) => boolean

/** Beyond any buffer of an engine: the rest of such a line is not looked at. */
const LINE_CHARS_MAX = 64 * 1024
/** Targets 0 to 14 are known to engines of level 216. */
const TARGETS = 15

/** By extension, does the engine load this line? */
const LOADERS: ReadonlyMap<string, Loads> = new Map<string, Loads>([
  ...loaders('hdb hdu hsb hsu mdb mdu msb msu fp sfp imp', ({ level, ignored }, line) => {
    const [, , name = '', lowest, highest] = line.split(':')
    return isFor(level, lowest, highest) && !ignored.has(name, line)
  }),
  ...loaders('db', ({ ignored }, line) => !ignored.has(line.split('=', 1)[0] ?? '', line)),
  ...loaders('ndb ndu sdb', ({ level, ignored }, line) => {
    const [name = '', target, , , lowest, highest] = line.split(':')
    const known = target === '*' || Number(target) < TARGETS
    return known && isFor(level, lowest, highest) && !ignored.has(name, line)
  }),
  ...loaders('ldb ldu', ({ level, ignored }, line) => {
    const [name = '', attributes = ''] = line.split(';', 2)
    return areFor(level, attributes) && !ignored.has(name, line)
  }),
  ...loaders('zmd rmd idb', ({ ignored }, line) => !ignored.has(line.split(':', 1)[0] ?? '', line)),
  ...loaders('cdb', ({ level, ignored }, line) => {
    const fields = line.split(':')
    return isFor(level, fields[10], fields[11]) && !ignored.has(fields[0] ?? '', line)
  }),
  ...loaders('pdb gdb', ({ level }, line) => {
    const [, lowest, highest] = /:(\d+)-(\d*)$/.exec(line) ?? []
    return line !== '' && isFor(level, lowest, highest === '' ? undefined : highest)
  }),
])

function loaders(
  extensions: string,
  loads: (engine: CountingEngine, line: string) => boolean,
): readonly (readonly [string, Loads])[] {
  return extensions
    .split(' ')
    .map((extension) => [extension, (line, engine) => loads(engine, line)])
}

function isFor(level: number, lowest: string | undefined, highest: string | undefined): boolean {
  return Number(lowest ?? 0) <= level && level <= Number(highest ?? Number.MAX_SAFE_INTEGER)
}

/** `Engine:51-255,Target:1,Container:CL_TYPE_ZIP` */
function areFor(level: number, attributes: string): boolean {
  return attributes.split(',').every((attribute) => {
    const [key = '', value = ''] = attribute.split(':', 2)
    switch (key) {
      case 'Engine': {
        const [lowest, highest] = value.split('-', 2)
        return isFor(level, lowest, highest)
      }
      case 'Target':
        return Number(value) < TARGETS
      case 'Container':
      case 'HandlerType':
      case 'Intermediates':
        return value.split('>').every((type) => FILE_TYPES.has(type))
      default:
        return LOGICAL_ATTRIBUTES.has(key)
    }
  })
}

/** Counts in one member while its bytes pass. `.ign` and `.ign2` members fill the engine's ignored names instead. */
export class SignatureCounter {
  readonly #engine: CountingEngine
  readonly #seeLine: ((line: string) => void) | undefined
  #count = 0
  #begun = ''

  constructor(member: string, engine: CountingEngine) {
    this.#engine = engine
    const extension = member.slice(member.lastIndexOf('.') + 1)
    const loads = LOADERS.get(extension)
    if (extension === 'cbc') this.#count = 1
    else if (extension === 'ign' || extension === 'ign2') {
      this.#seeLine = (line) => engine.ignored.add(line)
    } else if (loads !== undefined) {
      this.#seeLine = (line) => {
        if (loads(line, this.#engine)) this.#count += 1
      }
    }
  }

  /** Complete when `end` was called. */
  get count(): number {
    return this.#count
  }

  push(bytes: Uint8Array): void {
    if (this.#seeLine === undefined) return
    const lines = toLatin1(bytes).split('\n')
    const last = lines.pop() ?? ''
    for (const line of lines) {
      this.#see(this.#begun + line)
      this.#begun = ''
    }
    if (this.#begun.length < LINE_CHARS_MAX) this.#begun += last
  }

  /** An engine counts a last line without an end, too. */
  end(): void {
    if (this.#begun !== '') this.#see(this.#begun)
    this.#begun = ''
  }

  #see(line: string): void {
    if (!line.startsWith('#')) this.#seeLine?.(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
}
