import * as v from 'valibot';
import { ApiError } from '../../cloud/api-error.ts';
import { secretTarget } from '../iam/targets.ts';
import type { GcpModel } from '../model.ts';
import { type Method, method } from './api.ts';
import { FIELDS, text } from './parameters.ts';

/** Secret Manager as far as the program uses it. */
export function createSecretManager(model: () => GcpModel): Method[] {
  return [
    method(
      {
        id: 'secretmanager.projects.secrets.versions.access',
        http: 'GET',
        path: '/v1/projects/{projectsId}/secrets/{secretsId}/versions/{versionsId}:access',
        parameters: v.strictObject({ projectsId: text, secretsId: text, versionsId: text, ...FIELDS }),
      },
      ({ projectsId, secretsId, versionsId }, caller) => {
        const { project, projectNumber, secrets } = model();
        caller.authorise('secretmanager.versions.access', secretTarget(projectNumber, secretsId, versionsId));
        const secret = secrets.find(({ name }) => name === secretsId);
        if (projectsId !== project && projectsId !== projectNumber) throw notFound(`projects/${projectsId}`);
        if (secret === undefined) throw notFound(`projects/${projectNumber}/secrets/${secretsId}`);
        const version = versionsId === 'latest' ? secret.versions.length : Number(versionsId);
        const data = secret.versions[version - 1];
        const name = `projects/${projectNumber}/secrets/${secretsId}/versions/${version}`;
        if (data === undefined) throw notFound(name);
        return { kind: 'json', value: { name, payload: { data: data.toString('base64') } } };
      },
    ),
  ];
}

function notFound(name: string): ApiError {
  return new ApiError(404, 'notFound', `Secret [${name}] not found or has no versions.`);
}
