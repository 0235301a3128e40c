import * as v from 'valibot';
import { createOperator, type Operator } from '../operator.ts';
import { actionKind } from './action.ts';
import type { Kind } from './kind.ts';
import { namespaceKind } from './namespace.ts';
import { packageKind } from './package.ts';
import { triggerKind } from './trigger.ts';

const KINDS = {
  namespace: namespaceKind,
  package: packageKind,
  action: actionKind,
  trigger: triggerKind,
} as const;

/** A function's code is some hundred kilobytes. */
const TIMEOUT_MS = 60_000;

const propertiesSchema = v.record(v.string(), v.unknown());
const requestSchema = v.variant('operation', [
  v.object({ operation: v.literal('check'), news: propertiesSchema }),
  v.object({ operation: v.literal('diff'), olds: propertiesSchema, news: propertiesSchema }),
  v.object({ operation: v.literal('create'), news: propertiesSchema }),
  v.object({ operation: v.literal('read'), id: v.string(), olds: propertiesSchema }),
  v.object({ operation: v.literal('update'), olds: propertiesSchema, news: propertiesSchema }),
  v.object({ operation: v.literal('delete'), olds: propertiesSchema }),
]);

/** The composition root of the dynamic resources: what Pulumi asks of one, and what it gets. */
export async function runResource(raw: unknown, operator: Operator): Promise<unknown> {
  const request = v.parse(requestSchema, raw);
  const kind = kindOf('news' in request ? request.news : request.olds);
  switch (request.operation) {
    case 'check':
      return kind.check(request.news);
    case 'diff': {
      const { changes, replaces } = kind.difference(request.olds, request.news);
      // The old one first: never are two at work, and a name is free again.
      return { changes, replaces, deleteBeforeReplace: true };
    }
    case 'create': {
      const { id, state } = await kind.create(request.news, createOperator(operator, TIMEOUT_MS));
      return { id, outs: state };
    }
    case 'read': {
      const state = await kind.read(request.olds, createOperator(operator, TIMEOUT_MS));
      // A thing without an id is gone.
      return state === undefined ? { id: '', props: {} } : { id: request.id, props: state };
    }
    case 'update':
      return { outs: await kind.update(request.olds, request.news, createOperator(operator, TIMEOUT_MS)) };
    case 'delete':
      return kind.delete(request.olds, createOperator(operator, TIMEOUT_MS));
    default:
      return request satisfies never;
  }
}

function kindOf({ kind }: Record<string, unknown>): Kind {
  return KINDS[v.parse(v.picklist(Object.keys(KINDS) as (keyof typeof KINDS)[]), kind)];
}
