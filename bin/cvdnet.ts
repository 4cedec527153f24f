#!/usr/bin/env node
/**
 * Starts the command line with compiled modules kept for the next time, which halves the time and a third of the memory of
 * a start. They lie beside the packages: whoever could change them there could change the program as well. Where that
 * folder cannot be written to, it goes without. Threads learn of it by the variable.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const { directory } = enableCompileCache(
  join(import.meta.dirname, '..', 'node_modules', '.cache', 'cvdnet'),
)
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory
await import('./main.ts')
