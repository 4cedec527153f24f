export { postLetter } from './post.ts'
