import type { Refusal } from '../../cloud/events.ts';
import type { RawRequest } from '../../raw-request.ts';
import { evaluate } from '../iam/access.ts';
import { serviceTarget } from '../iam/targets.ts';
import type { FunctionModel, GcpModel } from '../model.ts';
import type { Principals } from '../principals.ts';

const INVOKE = 'run.routes.invoke';

/** A caller of a function must show who it is, to this very address, and have the right to invoke. */
export function whyNot(
  fn: FunctionModel,
  { headers }: RawRequest,
  { model, principals }: { model: GcpModel; principals: Principals },
): (Refusal & { status: 401 | 403 }) | undefined {
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const identity = token === undefined ? undefined : principals.verify(token);
  const target = serviceTarget(model.project, model.region, fn.name);
  const refuse = (status: 401 | 403, principal: string, why: string) => {
    return { status, principal, action: INVOKE, resource: target.label, why };
  };
  if (identity === undefined)
    return refuse(401, 'anonymous', 'the identity token is missing, over or not of this twin');
  const { email, audience } = identity;
  if (audience.replace(/\/$/, '') !== fn.url.replace(/\/$/, ''))
    return refuse(401, email, `the identity token is for ${audience}`);
  const verdict = evaluate({ member: `serviceAccount:${email}`, permission: INVOKE, target }, model);
  return verdict.allowed ? undefined : refuse(403, email, verdict.why);
}
