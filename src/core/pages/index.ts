export { bytesWords, type Column, escapeHtml, page, table } from './html.ts'
export { indexPage } from './index-page.ts'
export {
  type ListedMirror,
  type MirrorsPage,
  mirrorsPage,
  type PageMirror,
  pageMirrors,
  type Traffic,
  unwatched,
} from './mirrors-page.ts'
export { POINTER_POLICY, type PointerPolicy, pointerPushAt } from './pointer-push.ts'
