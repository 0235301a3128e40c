/** On GCP as a label and as a metadata key alike: an operator says that this machine is not to be touched. */
export const PROTECTED_KEY = 'ebbtide-protected';

/** Whoever put it there meant it, whatever the word: only `false` takes it back. */
export function saysProtected(value: string | undefined): boolean {
  return value !== undefined && value !== 'false';
}
