/** Accounts of the 2004 description (R90, R93): with one a sigmaker uploads, with the other he notifies. */
export const UPLOAD_USER = 'clamupload'
export const NOTIFY_USER = 'clamavdb'
/** Account in which one master asks another for its state. */
export const PEER_USER = 'clampeer'
