import type { MediaNode } from '../media/driver.ts';
import type { TwinCloud } from './twin-cloud.ts';

/** Where calls can be made, as the cloud sees it. */
export function nodesInService(
  twin: TwinCloud,
  machines: { machine(instance: string): MediaNode | undefined },
): MediaNode[] {
  return serving(twin).flatMap((id) => machines.machine(id) ?? []);
}

export function serving(twin: TwinCloud): string[] {
  return twin
    .instances()
    .flatMap(({ id, standing, running }) => (running && standing === 'serving' ? [id] : []));
}
