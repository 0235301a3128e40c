import type { Target } from './access.ts';

const PROJECT = 'project';

/** Types without attributes of their own: what a condition says of their name, type or service is never true. */
const NO_ATTRIBUTES = { name: '', type: '', service: '' };

export function projectTarget(project: string): Target {
  return {
    label: `projects/${project}`,
    within: [PROJECT],
    attributes: {
      name: `projects/${project}`,
      type: 'cloudresourcemanager.googleapis.com/Project',
      service: 'cloudresourcemanager.googleapis.com',
    },
  };
}

export function bucketTarget(bucket: string, prefix?: string): Target {
  const name = `projects/_/buckets/${bucket}`;
  return {
    label: name,
    within: [PROJECT, `buckets/${bucket}`],
    attributes: { name, type: 'storage.googleapis.com/Bucket', service: 'storage.googleapis.com' },
    ...(prefix === undefined ? {} : { api: { 'storage.googleapis.com/objectListPrefix': prefix } }),
  };
}

export function objectTarget(bucket: string, key: string): Target {
  const name = `projects/_/buckets/${bucket}/objects/${key}`;
  return {
    label: name,
    within: [PROJECT, `buckets/${bucket}`],
    attributes: { name, type: 'storage.googleapis.com/Object', service: 'storage.googleapis.com' },
  };
}

export function secretTarget(projectNumber: string, secret: string, version: string): Target {
  const name = `projects/${projectNumber}/secrets/${secret}/versions/${version}`;
  return {
    label: name,
    within: [PROJECT, `secrets/${secret}`],
    attributes: {
      name,
      type: 'secretmanager.googleapis.com/SecretVersion',
      service: 'secretmanager.googleapis.com',
    },
  };
}

export function instanceTarget(project: string, zone: string, instance: string): Target {
  const name = `projects/${project}/zones/${zone}/instances/${instance}`;
  return {
    label: name,
    within: [PROJECT],
    attributes: { name, type: 'compute.googleapis.com/Instance', service: 'compute.googleapis.com' },
  };
}

/** Groups, autoscalers and operations: Google lists none of them among the types that have attributes. */
export function computeTarget(name: string): Target {
  return { label: name, within: [PROJECT], attributes: NO_ATTRIBUTES };
}

export function serviceTarget(project: string, region: string, service: string): Target {
  const name = `projects/${project}/locations/${region}/services/${service}`;
  return {
    label: name,
    within: [PROJECT, `services/${service}`],
    attributes: { name, type: 'run.googleapis.com/Service', service: 'run.googleapis.com' },
  };
}
