/** Azure's ids are paths, and their letters' case says nothing. */
export function sameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Whether a thing is a scope, or below it. */
export function isWithin(scope: string, thing: string): boolean {
  const above = scope.replace(/\/+$/, '').toLowerCase();
  const below = thing.toLowerCase();
  return below === above || below.startsWith(`${above}/`);
}

/** The name of the resource group that it is in. */
export function groupOf(id: string): string {
  return /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1] ?? '';
}

export function lastOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
