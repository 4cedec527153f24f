export { MemoryState } from './state.ts'
export { MemoryStore } from './store.ts'
