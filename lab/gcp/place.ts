/** Where the twin's one project is. */
export interface Place {
  project: string;
  projectNumber: string;
  region: string;
}

export const PROJECT_NUMBER = '123456789012';

/** The zones of a region: most are a, b and c. */
export function zonesOf(region: string): string[] {
  const letters = ['europe-west1', 'us-east1'].includes(region) ? ['b', 'c', 'd'] : ['a', 'b', 'c'];
  return letters.map((letter) => `${region}-${letter}`);
}
