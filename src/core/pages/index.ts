export { type Column, escapeHtml, page, table } from './html.ts'
export { indexPage, type ListedMirror, mirrorsPage } from './pages.ts'
