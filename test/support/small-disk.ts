import { spawnSync } from 'node:child_process'

/** A file system of that size in the place of a folder. Undefined: we may not mount one here. */
export function mountSmall(folder: string, size: string): Disposable | undefined {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder])
  if (mounted.status !== 0) return undefined
  return { [Symbol.dispose]: () => void spawnSync('umount', [folder]) }
}
