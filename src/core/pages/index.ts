export { escapeHtml } from './html.ts'
export { indexPage, type ListedMirror, mirrorsPage } from './pages.ts'
