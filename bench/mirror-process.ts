/** A process with some mirrors in it, for `push.ts`. Told by its parent what to start; ends when the parent lets go. */
import { type MirrorOptions, startMirror } from '#roles/mirror/index.ts'

process.once('message', (mirrors: readonly MirrorOptions[]) => {
  Promise.all(mirrors.map((mirror) => startMirror(mirror))).then(
    (running) => {
      process.send?.('ready')
      process.once('disconnect', () => {
        Promise.all(running.map((mirror) => mirror[Symbol.asyncDispose]())).catch(console.error)
      })
    },
    (error) => {
      console.error(error)
      process.exitCode = 1
      process.disconnect()
    },
  )
})
