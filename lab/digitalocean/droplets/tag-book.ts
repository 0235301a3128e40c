import type { Changes } from '../../cloud/changes.ts';
import type { Droplets } from './droplets.ts';

/** The tags of the account. DigitalOcean keeps the letters as they were first written, and makes no difference by them. */
export interface TagBook {
  all(): string[];
  /** As it was first written. */
  find(name: string): string | undefined;
  /** One that is there stays. */
  make(name: string): string;
  /** Whoever bears it loses it. False: there is none. */
  drop(name: string): boolean;
  provision(changes: Changes<string>): void;
}

export function createTagBook(droplets: Pick<Droplets, 'present' | 'setTags'>): TagBook {
  const tags = new Map<string, string>();

  function make(name: string): string {
    const known = tags.get(name.toLowerCase());
    if (known !== undefined) return known;
    tags.set(name.toLowerCase(), name);
    return name;
  }

  function drop(name: string): boolean {
    const known = tags.get(name.toLowerCase());
    if (known === undefined) return false;
    tags.delete(name.toLowerCase());
    for (const droplet of droplets.present()) {
      if (!droplet.tags.includes(known)) continue;
      droplets.setTags(
        droplet,
        droplet.tags.filter((tag) => tag !== known),
      );
    }
    return true;
  }

  return {
    all: () => [...tags.values()],
    find: (name) => tags.get(name.toLowerCase()),
    make,
    drop,
    provision({ added, removed }) {
      for (const name of removed) drop(name);
      for (const name of added) make(name);
    },
  };
}
