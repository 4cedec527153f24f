import type { MirrorRecord } from '#core/mirrors/index.ts'
import { printPushWindow } from '#core/push/index.ts'

export type Limits = MirrorRecord['push']

/** Only of what is there. */
export function describeLimits(push: Partial<Limits>): readonly string[] {
  const { window, bandwidthKbit } = push
  return [
    ...('window' in push
      ? [
          window === undefined
            ? 'pushed to at any time'
            : `pushed to ${printPushWindow(window)} UTC`,
        ]
      : []),
    ...('bandwidthKbit' in push
      ? [bandwidthKbit === undefined ? 'as fast as its line' : `at ${bandwidthKbit} kbit/s at most`]
      : []),
  ]
}
