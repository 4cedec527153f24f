export { NotifyError, notifyBySocket } from './client.ts'
export { type NotifySocketOptions, startNotifySocket } from './server.ts'
