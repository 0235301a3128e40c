/** A file that user-data itself puts on the node. */
export interface NodeFile {
  path: string;
  content: string;
}

/** A file of the pool's bucket that nodes fetch. */
export interface SoftwareFile {
  key: string;
  sha256: string;
  member?: string;
}
