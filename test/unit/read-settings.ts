import assert from 'node:assert/strict';
import { readSettings } from '../../stacks/settings.ts';
import { SettingsError } from '../../stacks/settings-errors.ts';
import type { SettingsFiles } from '../../stacks/settings-files.ts';
import { configValues } from './stacks-mocks.ts';

type Raw = Record<string, string | undefined>;

/** Reads a good stack file with some of its sections replaced (`undefined` leaves one out), and keys of any name added. */
export function settingsReader(
  good: Record<string, unknown>,
  files: SettingsFiles = { text: () => undefined, sha256: () => undefined },
) {
  function read(changed: Record<string, unknown>, raw: Raw = {}) {
    const settings = Object.entries({ ...good, ...changed }).filter(([, value]) => value !== undefined);
    const values = Object.entries({ ...configValues(Object.fromEntries(settings)), ...raw });
    const given = values.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
    return readSettings({ values: Object.fromEntries(given), isSecret: () => true }, files);
  }

  /** What is wrong with it, a line each. */
  function errorsOf(changed: Record<string, unknown>, raw: Raw = {}): string[] {
    try {
      read(changed, raw);
    } catch (error) {
      assert.ok(error instanceof SettingsError, String(error));
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    }
    return [];
  }

  return { read, errorsOf };
}

export const pool = (changed: Record<string, unknown>) => ({ pool: { name: 'media', ...changed } });
