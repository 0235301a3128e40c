import * as pulumi from '@pulumi/pulumi';
import type { PoolAddressOf } from '../../fleet/pool-address.ts';
import { DestroySweep } from '../../providers/destroy-sweep.ts';
import { createDigitalOceanProvider } from '../../providers/digitalocean/provider.ts';
import { RandomText } from '../../providers/random-text.ts';
import type { Bundle, Bundler } from '../bundle.ts';
import type { PoolArgs, PoolOutputs } from '../pool.ts';
import { addressOf } from '../pool-address.ts';
import { type Software, softwareOf } from '../software.ts';
import { PoolAlerts } from './alerts.ts';
import { PoolFirewall } from './firewall.ts';
import { PoolHealth } from './health.ts';
import { PoolLoadBalancer } from './load-balancer.ts';
import { type DigitalOceanNames, digitalOceanNames } from './names.ts';
import { PoolNetwork } from './network.ts';
import { NodeTemplate } from './node-template.ts';
import { EachMinute, Orchestrator, OrchestratorHome } from './orchestrator.ts';
import { checkAccount } from './preconditions.ts';
import { MediaSecrets } from './secrets.ts';
import type { DigitalOceanSettings } from './settings.ts';
import { NodeSoftware } from './software.ts';
import { PoolStore } from './store.ts';
import { PoolTags } from './tags.ts';

interface DigitalOceanPoolArgs {
  settings: DigitalOceanSettings;
  /** What makes and deletes droplets. */
  apiToken: string;
  software: Software;
  boot: Bundle;
  orchestrator: Bundle;
  health: Bundle;
  fileOf: Bundler['fileOf'];
}

/** Bundles what the pool runs, and makes the pool. */
export async function createDigitalOceanPool(
  { settings, bundler }: PoolArgs<DigitalOceanSettings>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PoolOutputs> {
  const [agent, boot, orchestrator, health] = await Promise.all([
    bundler.agent(),
    bundler.boot('digitalocean'),
    bundler.functionOf('digitalocean', 'orchestrator'),
    bundler.functionOf('digitalocean', 'health'),
  ]);
  const { name } = settings.pool;
  const { token } = await checkAccount(settings, namesOf(name), environment);
  const provider = createDigitalOceanProvider(settings.digitaloceanProvider);
  const pool = new DigitalOceanPool(
    name,
    {
      settings,
      apiToken: settings.digitaloceanSecrets?.orchestratorToken ?? token,
      software: softwareOf(agent, settings),
      boot,
      orchestrator,
      health,
      fileOf: bundler.fileOf,
    },
    { provider },
  );
  return pool.outputs;
}

function namesOf(pool: string): DigitalOceanNames {
  return digitalOceanNames(pool, `${pulumi.getProject()}-${pulumi.getStack()}`);
}

const SECRET_BYTES = 32;

/** A fleet of media servers on droplets that a function makes, empties and deletes. */
export class DigitalOceanPool extends pulumi.ComponentResource {
  readonly outputs: PoolOutputs;

  constructor(name: string, args: DigitalOceanPoolArgs, options: pulumi.ComponentResourceOptions) {
    super('ebbtide:digitalocean:Pool', name, {}, options);
    const { settings, software, boot } = args;
    const { region, spacesRegion = region, functionsRegion = region } = settings.digitalocean;
    const pool = settings.pool.name;
    const names = namesOf(pool);
    const parent = { parent: this };
    const secretOf = (what: string) =>
      new RandomText(`${name}-${what}`, { bytes: SECRET_BYTES, secret: true }, parent);

    const tags = new PoolTags(`${name}-tags`, { names }, parent);
    const network = new PoolNetwork(`${name}-network`, { names, settings }, parent);
    const { loadBalancer } = settings.digitalocean;
    const balancer =
      loadBalancer &&
      new PoolLoadBalancer(
        `${name}-load-balancer`,
        { names, settings, loadBalancer, tag: tags.pool, network: network.id },
        parent,
      );
    const firewall = new PoolFirewall(
      `${name}-firewall`,
      {
        names,
        settings,
        tag: tags.pool,
        loadBalancers: [...(balancer === undefined ? [] : [balancer.id]), ...settings.network.balancers],
      },
      parent,
    );
    const { token } = settings.digitaloceanProvider;
    const store = new PoolStore(`${name}-store`, { names, region: spacesRegion, token }, parent);
    const ofStore = { store, region: spacesRegion };
    const nodeSoftware = new NodeSoftware(
      `${name}-software`,
      { ...ofStore, software, fileOf: args.fileOf },
      parent,
    );
    const secrets = new MediaSecrets(
      `${name}-secrets`,
      { ...ofStore, secrets: settings.mediaSecrets },
      parent,
    );
    const home = new OrchestratorHome(`${name}-functions`, { names, region: functionsRegion }, parent);
    const wakeSecret = secretOf('wake-secret');
    const template = new NodeTemplate(
      `${name}-template`,
      {
        ...ofStore,
        settings,
        boot,
        software,
        wake: pulumi.all([home.wakeUrl, wakeSecret.text]).apply(([url, secret]) => ({ url, secret })),
      },
      parent,
    );
    const poolSecret = secretOf('pool-secret');
    const orchestrator = new Orchestrator(
      `${name}-orchestrator`,
      {
        settings,
        names,
        bundle: args.orchestrator,
        home,
        store,
        template,
        network: network.id,
        apiToken: args.apiToken,
        poolSecret: poolSecret.text,
        wakeSecret: wakeSecret.text,
        lives: [tags, network, firewall, store, nodeSoftware, secrets],
      },
      parent,
    );
    // Where nobody is to hear of anything, nobody asks.
    const health =
      settings.alarms.notify.length > 0
        ? new PoolHealth(
            `${name}-health`,
            { ...ofStore, names, bundle: args.health, home, orchestrator },
            parent,
          )
        : undefined;
    const watched = new PoolAlerts(
      `${name}-alerts`,
      { names, settings, tag: tags.pool, health: health?.url },
      parent,
    );

    // Whatever is made here is made before the sweep, so that nothing of it goes before the sweep has let it.
    const sweep = new DestroySweep(
      `${name}-destroy-sweep`,
      {
        code: 'digitalocean/run-sweep.ts',
        state: {
          pool,
          group: names.tag,
          region: spacesRegion,
          namespace: home.namespace,
          function: orchestrator.function,
          codeBucket: store.buckets.code,
          statusesBucket: store.buckets.statuses,
          spacesAccessKeyId: pulumi.secret(store.orchestratorKey.id),
          spacesSecretAccessKey: store.orchestratorKey.secret,
          poolSecret: pulumi.secret(poolSecret.text),
        },
      },
      {
        parent: this,
        dependsOn: [
          tags,
          network,
          ...(balancer === undefined ? [] : [balancer]),
          firewall,
          store,
          nodeSoftware,
          secrets,
          home,
          wakeSecret,
          template,
          poolSecret,
          orchestrator,
          ...(health === undefined ? [] : [health]),
          watched,
        ],
      },
    );

    // No droplet is made before the sweep is there: where `up` ends half-way, a destroy leaves none that Pulumi knows nothing of.
    new EachMinute(`${name}-each-minute`, { names, home, orchestrator, sweep }, parent);

    this.outputs = {
      cloud: pulumi.output('digitalocean'),
      pool: pulumi.output(pool),
      group: tags.pool,
      registry: store.buckets.statuses,
      network: network.id,
      securityGroup: firewall.id,
      template: template.fingerprint,
      metrics: home.namespace,
      address: addressOf<PoolAddressOf<'digitalocean'>>(settings, template.fingerprint, {
        cloud: 'digitalocean',
        spacesRegion,
        buckets: pulumi.output(store.buckets),
      }),
      // Whoever sees the stack's secrets has these already: the function's key, and the secret that it verifies by.
      operatorSecrets: pulumi.secret({
        spacesAccessKeyId: store.orchestratorKey.id,
        spacesSecretAccessKey: store.orchestratorKey.secret,
        poolSecret: poolSecret.text,
      }),
    };
    this.registerOutputs({ ...this.outputs });
  }
}
