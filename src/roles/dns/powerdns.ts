import {
  type BackendZone,
  type PowerDnsBackend,
  startPowerDnsBackend,
} from '#adapters/powerdns/index.ts'
import { toSeconds } from '#base/time.ts'
import { findPlaceWith, placeAt, type RangeTable } from '#core/places/index.ts'
import { answerQuestion, type ZoneSnapshot, ZoneView } from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'

/** What the answers to PowerDNS rest on; each is asked anew for every question. */
export interface LiveZone {
  snapshot(): ZoneSnapshot
  places(): RangeTable
  readonly overrides: RangeTable
  readonly clock: Clock
}

/** Lets PowerDNS ask what our own servers would answer. */
export function startBackend(
  listen: { readonly host: string; readonly port: number },
  live: LiveZone,
): Promise<PowerDnsBackend> {
  let view = new ZoneView(live.snapshot())
  let turn = 0
  return startPowerDnsBackend(listen, (): BackendZone => {
    const snapshot = live.snapshot()
    if (view.snapshot !== snapshot) view = new ZoneView(snapshot)
    return {
      name: snapshot.zone,
      serial: snapshot.serial,
      answer(question, client) {
        turn = (turn + 1) >>> 0
        const place = placeAt(findPlaceWith(live.overrides, live.places(), client))
        return answerQuestion(view, question, place, turn, toSeconds(live.clock.now()))
      },
    }
  })
}
