export { makeKit } from './make-kit.ts'
export { type Act, Registrar } from './registrar.ts'
export { SigmakerList } from './sigmakers.ts'
export type { RegistrarWorld } from './world.ts'
