export {
  type BundleFault,
  describeBundleFault,
  type ReadBundleOptions,
  readBundle,
} from './read.ts'
export { type BundleFile, writeBundle } from './write.ts'
