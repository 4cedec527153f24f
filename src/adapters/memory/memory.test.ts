import { storeContract } from '../../../test/contract/store.ts'
import { MemoryState, MemoryStore } from './index.ts'

storeContract(async () => {
  const state = new MemoryState()
  return {
    open: async () => new MemoryStore(state),
    takeAway: async () => {
      state.isAway = true
    },
    bringBack: async () => {
      state.isAway = false
    },
    // Values are checked before they are kept, and nobody else has them in hand.
    tamper: undefined,
    [Symbol.asyncDispose]: async () => {},
  }
})
