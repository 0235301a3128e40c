import * as grpc from '@grpc/grpc-js';
import plugins from '@pulumi/pulumi/proto/plugin_pb.js';
import services from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import { describeError } from '../../../fleet/error.ts';
import type { PaperCloud } from '../paper-cloud.ts';
import type { Account } from './account.ts';
import type { LivingCloud } from './living-cloud.ts';
import { checkInputs, diffInputs, previewCreate, previewUpdate } from './plan.ts';
import { NO_RULES, type RulesByType } from './type-rules.ts';
import { readProperties, writeProperties } from './wire.ts';

/** What the real provider waits for most things, where the program says nothing else. */
const DEFAULT_TIMEOUT_MS = 10 * 60_000;

export interface ProviderFront {
  port: number;
  close(): Promise<void>;
}

/** A twin as Pulumi's engine sees it: PULUMI_DEBUG_PROVIDERS=aws:PORT, and so on. */
export async function serveProvider(
  account: Account,
  { paper, rules }: Pick<LivingCloud, 'paper' | 'rules'>,
): Promise<ProviderFront> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  server.addService(services.ResourceProviderService, {
    ...configuration(paper),
    ...resources(account, rules),
    ...plugin(paper),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    async close() {
      server.forceShutdown();
    },
  };
}

/** What answers, or says why not: an engine that gets no answer waits for ever. */
function answering<Request, Response>(
  answer: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => callback(null, response),
        (cause) => callback({ code: grpc.status.UNKNOWN, details: describeError(cause) }),
      );
  };
}

function configuration(cloud: PaperCloud) {
  return {
    checkConfig: answering((request: proto.CheckRequest) => {
      const response = new proto.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: answering((request: proto.DiffRequest) => {
      const olds = readProperties(request.getOldInputs() ?? request.getOlds());
      return differenceResponse(diffInputs(NO_RULES, olds, readProperties(request.getNews())));
    }),
    configure: answering((request: proto.ConfigureRequest) => {
      const prefix = `${cloud.provider}:config:`;
      const variables = [...request.getVariablesMap().entries()] as [string, string][];
      const settings = variables.map(([key, value]) => [key.replace(prefix, ''), value]);
      cloud.checkSettings(Object.fromEntries(settings));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      return response;
    }),
    invoke: answering((request: proto.InvokeRequest) => {
      const response = new proto.InvokeResponse();
      response.setReturn(writeProperties(cloud.call(request.getTok(), readProperties(request.getArgs()))));
      return response;
    }),
  };
}

function resources(account: Account, rules: RulesByType) {
  const rulesOf = (type: string) => rules[type] ?? NO_RULES;
  return {
    check: answering((request: proto.CheckRequest) => {
      const { type, name, urn } = addressOf(request);
      const olds = readProperties(request.getOlds());
      const seed = `${urn} ${request.getRandomseed_asB64()}`;
      const response = new proto.CheckResponse();
      const news = readProperties(request.getNews());
      response.setInputs(writeProperties(checkInputs({ rules: rulesOf(type), name, olds, news, seed })));
      return response;
    }),
    diff: answering((request: proto.DiffRequest) => {
      const { type } = addressOf(request);
      const olds = readProperties(request.getOldInputs() ?? request.getOlds());
      return differenceResponse(diffInputs(rulesOf(type), olds, readProperties(request.getNews())));
    }),
    create: answering(async (request: proto.CreateRequest) => {
      const resource = addressOf(request);
      const inputs = readProperties(request.getProperties());
      const response = new proto.CreateResponse();
      if (request.getPreview()) {
        const added = account.wouldAdd(resource.type, inputs);
        response.setProperties(writeProperties(previewCreate(inputs, added)));
        return response;
      }
      const { id, outputs } = await account.create(resource, inputs);
      response.setId(id);
      response.setProperties(writeProperties(outputs));
      return response;
    }),
    read: answering((request: proto.ReadRequest) => {
      const response = new proto.ReadResponse();
      const found = account.read(addressOf(request).type, request.getId());
      // A thing without an id is gone.
      if (found === undefined) return response;
      response.setId(found.id);
      response.setProperties(writeProperties(found.outputs));
      response.setInputs(writeProperties(found.inputs));
      return response;
    }),
    update: answering(async (request: proto.UpdateRequest) => {
      const resource = addressOf(request);
      const news = readProperties(request.getNews());
      const response = new proto.UpdateResponse();
      if (request.getPreview()) {
        const state = readProperties(request.getOlds());
        const olds = readProperties(request.getOldInputs());
        response.setProperties(writeProperties(previewUpdate(rulesOf(resource.type), state, olds, news)));
        return response;
      }
      const { outputs } = await account.update(resource, request.getId(), news);
      response.setProperties(writeProperties(outputs));
      return response;
    }),
    delete: answering(async (request: proto.DeleteRequest) => {
      const timeoutMs = request.getTimeout() > 0 ? request.getTimeout() * 1000 : DEFAULT_TIMEOUT_MS;
      await account.delete(addressOf(request).type, request.getId(), timeoutMs);
      return new empties.Empty();
    }),
  };
}

function plugin(cloud: PaperCloud) {
  return {
    getSchema: answering(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema('{}');
      return response;
    }),
    getPluginInfo: answering(() => {
      const info = new plugins.PluginInfo();
      info.setVersion(cloud.version);
      return info;
    }),
    attach: answering(() => new empties.Empty()),
    cancel: answering(() => new empties.Empty()),
  };
}

/** `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME` */
function addressOf(request: { getUrn(): string }) {
  const urn = request.getUrn();
  const [, , qualified = '', ...name] = urn.split('::');
  return { urn, type: qualified.slice(qualified.lastIndexOf('$') + 1), name: name.join('::') };
}

function differenceResponse({ changed, replaces, deleteBeforeReplace }: ReturnType<typeof diffInputs>) {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse();
  response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(changed);
  response.setReplacesList(replaces);
  response.setDeletebeforereplace(deleteBeforeReplace);
  return response;
}
