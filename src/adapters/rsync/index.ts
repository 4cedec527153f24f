export { RsyncTransfer, type RsyncTransferOptions } from './pull.ts'
