import * as v from 'valibot';
import {
  type OrchestratorSettings,
  orchestratorParametersSchema,
} from '../../fleet/digitalocean-function-settings.ts';
import { type Action, type FunctionsModel, nameOf } from './functions-api/model.ts';

/** What the stack has told the one orchestrator that there may be. */
export interface Deployed {
  /** `PACKAGE/ACTION` */
  name: string;
  settings: OrchestratorSettings;
  poolSecret: string;
}

/** Undefined where there is none (any more). */
export function deployedIn({ namespaces }: FunctionsModel): Deployed | undefined {
  for (const { actions } of namespaces.values()) {
    for (const action of actions.values()) {
      const parsed = v.safeParse(orchestratorParametersSchema, parametersOf(action));
      if (parsed.success) {
        const { settings, poolSecret } = parsed.output;
        return { name: nameOf(action), settings, poolSecret };
      }
    }
  }
  return undefined;
}

export function parametersOf({ parameters }: Pick<Action, 'parameters'>): Record<string, unknown> {
  return Object.fromEntries(parameters.map(({ key, value }) => [key, value]));
}
