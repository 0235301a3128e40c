/** A file that user-data itself puts on the node. */
export interface NodeFile {
  path: string;
  content: string;
}
