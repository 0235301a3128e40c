import { randomUUID } from 'node:crypto';
import { ApiError, malformed } from '../../cloud/api-error.ts';
import type { RawRequest } from '../../raw-request.ts';
import { arn, type Place } from '../identifiers.ts';
import type { Parameter } from '../model.ts';
import { SSM_REQUESTS } from '../requests.ts';
import { type Answer, operation, type Service } from './api.ts';

/** Parameter Store as far as the program uses it (JSON protocol). */
export function createSsm(parameters: () => readonly Parameter[], place: Place): Service {
  return {
    name: 'ssm',
    policyPrefix: 'ssm',
    operations: {
      GetParameters: operation(SSM_REQUESTS.GetParameters, ({ Names, WithDecryption = false }, caller) => {
        if (new Set(Names).size !== Names.length) {
          throw malformed('ValidationException', 'a parameter is named twice');
        }
        // One name that is not allowed spoils the whole call.
        for (const name of Names) {
          caller.authorise('ssm:GetParameters', arn(place, 'ssm', `parameter/${name.replace(/^\//, '')}`));
        }
        const found = Names.flatMap(
          (name) => parameters().find((parameter) => parameter.name === name) ?? [],
        );
        return jsonAnswer(200, {
          Parameters: found.map((parameter) => describe(parameter, WithDecryption)),
          InvalidParameters: Names.filter((name) => !found.some((parameter) => parameter.name === name)),
        });
      }),
    },
    read(request: RawRequest) {
      const action = request.headers['x-amz-target']?.replace(/^AmazonSSM\./, '');
      if (request.method !== 'POST' || request.target !== '/' || action === undefined) {
        throw malformed('UnknownOperationException', 'no x-amz-target');
      }
      if (request.headers['content-type'] !== 'application/x-amz-json-1.1') {
        throw malformed('SerializationException', 'content-type must be application/x-amz-json-1.1');
      }
      try {
        return { action, input: JSON.parse(request.body.toString('utf8')) };
      } catch {
        throw malformed('SerializationException', 'the body is not JSON');
      }
    },
    renderError: (error) =>
      jsonAnswer(error.status >= 500 ? error.status : 400, {
        __type: jsonCode(error),
        message: error.message,
      }),
    throttled: new ApiError(400, 'ThrottlingException', 'Rate exceeded'),
  };
}

function describe({ name, arn: own, type, value }: Parameter, decrypted: boolean) {
  const secret = type === 'SecureString' && !decrypted;
  return {
    Name: name,
    Type: type,
    Value: secret ? Buffer.from(`encrypted by the twin: ${name}`).toString('base64') : value,
    Version: 1,
    ARN: own,
    DataType: 'text',
  };
}

function jsonCode({ code }: ApiError): string {
  return code === 'AccessDenied' ? 'AccessDeniedException' : code;
}

function jsonAnswer(status: number, data: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(data),
  };
}
