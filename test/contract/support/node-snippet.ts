import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SnippetArgs } from '../../../stacks/node-snippet.ts';

/** A machine whose user-data gets the snippet, and its pool's store. */
export interface SnippetHost {
  put(key: string, content: string): void;
  snippet(args: Omit<SnippetArgs, 'get'>): string;
  /** What the machine tells programs on it. */
  environment: Record<string, string>;
}

const SCRIPT = '#!/bin/bash\necho ran > "$EBBTIDE_ROOT/ran"\n';
const SUM = createHash('sha256').update(SCRIPT).digest('hex');
const KEY = 'software/ebbtide-node-0123.sh';

/** What the snippet of each cloud does there, by a real bash. */
export function describeSnippet(host: () => SnippetHost | Promise<SnippetHost>): void {
  describe("the snippet for a machine's user-data", () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'ebbtide-snippet-'));
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    /** What it says. */
    async function boot(sha256: string): Promise<string> {
      const { put, snippet, environment } = await host();
      put(KEY, SCRIPT);
      // Without its patience.
      const text = snippet({ pool: 'media', key: KEY, sha256 })
        .replace('seq 40', 'seq 2')
        .replace('sleep 15', 'sleep 0');
      const { stderr } = await promisify(execFile)('bash', ['-c', text], {
        env: { PATH: process.env.PATH, EBBTIDE_ROOT: root, ...environment },
      });
      return stderr;
    }

    it('fetches the script with the rights of the machine, and runs it', async () => {
      assert.doesNotMatch(await boot(SUM), /ebbtide/);
      assert.equal(readFileSync(join(root, 'ran'), 'utf8'), 'ran\n');
    });

    it('runs nothing that has another sum, says so, and lets the rest go on', async () => {
      assert.match(
        await boot('0'.repeat(64)),
        /is not what it was: 0{64}[\s\S]*this machine is no node of the pool media/,
      );
      assert.equal(existsSync(join(root, 'ran')), false);
    });
  });
}
