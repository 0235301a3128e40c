/** A guard in the source, as text that is there exactly once, and what is there when it is taken out. */
export interface Guard {
  name: string;
  file: string;
  guard: string;
  instead: string;
}
