export { SigningService, type SigningServiceOptions } from './client.ts'
export { SigningServiceError, type SigningServiceErrorCode } from './error.ts'
