/** What surrounds one machine of any cloud. */
export interface CloudMachine {
  environment: Record<string, string>;
  /** Who was woken, and with what. */
  wakes: { authorization: string | undefined }[];
  /** The cloud tells that it takes the machine in half a minute; absent where none does that. */
  preempt?(): void;
  /** An operator protects it. */
  protect(): void;
  /** The metadata service answers everything with this status instead; undefined: it is itself again. */
  failWith(status: number | undefined): void;
  close(): Promise<void>;
}
