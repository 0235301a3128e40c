import type { Files, OpenFile } from '../../node-agent/store/state-file.ts';

/** A disk in memory that forgets, when the power goes, what was not synced: of a file and of its directory. */
export interface Disk {
  files: Files;
  /** Writing fails while it is full. */
  full: boolean;
  losePower(): void;
  /** What lies there is garbled. */
  corrupt(): void;
}

interface Content {
  text: string;
  synced: string;
}

export function createDisk(): Disk {
  let entries = new Map<string, Content>();
  let stable = new Map<string, Content>();

  const files: Files = {
    async readFile(path) {
      return contentOf(path).text;
    },
    async copyFile(from, to) {
      refuseWhenFull();
      entries.set(to, { text: contentOf(from).text, synced: '' });
    },
    async mkdir() {
      refuseWhenFull();
    },
    async open(path, flags) {
      return flags === 'r' ? openDirectory() : openFile(path);
    },
    async rename(from, to) {
      const content = contentOf(from);
      entries.delete(from);
      entries.set(to, content);
    },
    async rm(path) {
      entries.delete(path);
    },
  };

  const disk: Disk = {
    files,
    full: false,
    losePower() {
      entries = new Map([...stable].map(([path, { synced }]) => [path, { text: synced, synced }]));
      stable = new Map(entries);
    },
    corrupt() {
      for (const content of entries.values()) {
        content.text = content.text.slice(0, content.text.length >> 1);
        content.synced = content.text;
      }
    },
  };

  function openFile(path: string): OpenFile {
    refuseWhenFull();
    const content: Content = { text: '', synced: '' };
    entries.set(path, content);
    return {
      async writeFile(text) {
        refuseWhenFull();
        content.text = text;
      },
      async sync() {
        content.synced = content.text;
      },
      async close() {
        // Nothing is kept open.
      },
    };
  }

  function openDirectory(): OpenFile {
    return {
      async writeFile() {
        throw Object.assign(new Error('a directory cannot be written'), { code: 'EISDIR' });
      },
      async sync() {
        stable = new Map(entries);
      },
      async close() {
        // Nothing is kept open.
      },
    };
  }

  function contentOf(path: string): Content {
    const content = entries.get(path);
    if (content === undefined) throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
    return content;
  }

  function refuseWhenFull(): void {
    if (disk.full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }

  return disk;
}
