/** How much one sigmaker's folder may hold, finished or not. */
export interface UploadFolderLimits {
  readonly fileBytesMax: number
  /** Of everything in the folder together. */
  readonly folderBytesMax: number
  readonly filesMax: number
}

export interface UploadFolderUse {
  readonly files: number
  readonly bytes: number
}

export type UploadLimitFault =
  | { readonly kind: 'file-too-large'; readonly bytesMax: number }
  | { readonly kind: 'folder-full'; readonly bytesMax: number }
  | { readonly kind: 'too-many-files'; readonly filesMax: number }

/** Undefined while a folder in that state is within its limits. */
export function folderFault(
  use: UploadFolderUse,
  limits: UploadFolderLimits,
): UploadLimitFault | undefined {
  if (use.files > limits.filesMax) return { kind: 'too-many-files', filesMax: limits.filesMax }
  if (use.bytes > limits.folderBytesMax) {
    return { kind: 'folder-full', bytesMax: limits.folderBytesMax }
  }
  return undefined
}

export function fileFault(bytes: number, limits: UploadFolderLimits): UploadLimitFault | undefined {
  if (bytes <= limits.fileBytesMax) return undefined
  return { kind: 'file-too-large', bytesMax: limits.fileBytesMax }
}
