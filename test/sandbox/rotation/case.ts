import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { policyText } from "../../../access/operators/document.ts";
import { requiredGrants, requiredRules } from "../../../jobs/rotator/grants.ts";
import type { RotationSpec } from "../../../jobs/rotator/spec.ts";
import { digestOf, type RotationState, rotationState } from "../../../jobs/rotator/state.ts";
import type { ServiceAccount } from "../../../sandbox/providers/keys.ts";
import { type CallingConsumer, startConsumer } from "./consumer.ts";
import { AUTH_MOUNT, ensure, externalSecret, MOUNT, NAMESPACE, type RotationGround } from "./ground.ts";
import { type Ended, type RunningRotator, startRotator } from "./process.ts";
import { type Proxies, startProxies } from "./proxy.ts";

export type Command = "rotate" | "finish";
type Fields = Readonly<Record<string, unknown>>;

export interface CaseOptions {
  readonly overlapSeconds?: number;
  readonly limits?: RotationSpec["limits"];
  /** @default one ExternalSecret of a real ESO */
  readonly consumers?: number;
  /** @default none */
  readonly restarts?: number;
  readonly provider?: RotationSpec["provider"];
  /** What is live at first. @default "generation 1", made by the rotator, as the state says */
  readonly start?: "generation 1" | "operator's key" | "nothing";
}

/** One key with slots, rights and proxies of its own. */
export class RotationCase {
  readonly ground: RotationGround;
  readonly spec: RotationSpec;
  readonly proxies: Proxies;
  readonly project: string;
  readonly folder: string;
  /** Value -> the version of the live slot that it was seen in. */
  readonly #seen = new Map<string, number>();

  private constructor(ground: RotationGround, spec: RotationSpec, proxies: Proxies, folder: string) {
    this.ground = ground;
    this.spec = spec;
    this.proxies = proxies;
    this.project = spec.project ?? "";
    this.folder = folder;
  }

  static async open(ground: RotationGround, name: string, options: CaseOptions = {}): Promise<RotationCase> {
    const { sandbox, provider, certificate } = ground;
    const { vault, kubernetes } = sandbox;
    const proxies = await startProxies({ vault, kubernetes, provider, certificate });
    const id = `case-${name}`;
    const spec = specOf(id, proxies, options);
    const folder = join(ground.folder, id);
    await mkdir(folder);
    const opened = new RotationCase(ground, spec, proxies, folder);
    await opened.#start(options.start ?? "generation 1");
    await opened.#grant();
    await writeFile(join(folder, "spec.json"), JSON.stringify(spec));
    return opened;
  }

  /** Runs the program, as a pod of the Job `job`. */
  run(command: Command, job = "job-1"): RunningRotator {
    const { hostname, port } = new URL(this.proxies.addresses.kubernetes);
    return startRotator(this.ground.program, [command, join(this.folder, "spec.json")], {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      SERVICE_ACCOUNT_DIR: this.folder,
      ROTATION_JOB: job,
    });
  }

  async end(command: Command, job?: string): Promise<Ended> {
    this.proxies.watch({});
    return this.run(command, job).ended;
  }

  consume(): CallingConsumer {
    return startConsumer(this.ground.provider.address, async () => (await this.live())?.value);
  }

  /** What consumers read. */
  async live(): Promise<
    { readonly value?: string; readonly version: number; readonly data: Fields } | undefined
  > {
    const secret = await this.ground.vault.read(`${MOUNT}/data/${this.spec.live.path}`);
    if (secret?.data == null) return undefined;
    const data = secret.data as Fields;
    const { version } = secret.metadata as { readonly version: number };
    const value = data[this.spec.live.property];
    if (typeof value !== "string") return { version, data };
    this.#seen.set(value, version);
    return { version, data, value };
  }

  async state(): Promise<RotationState | undefined> {
    const secret = await this.ground.vault.read(`${MOUNT}/data/${this.spec.state.path}`);
    return secret?.data == null ? undefined : rotationState.parse(secret.data);
  }

  async putLive(data: Fields): Promise<void> {
    await this.ground.vault.write(`${MOUNT}/data/${this.spec.live.path}`, { data });
  }

  async putState(state: RotationState): Promise<void> {
    await this.ground.vault.write(`${MOUNT}/data/${this.spec.state.path}`, { data: state });
  }

  /** Keys that live at the provider. */
  accounts(): readonly ServiceAccount[] {
    return this.ground.provider.state.keys.accounts(this.project);
  }

  /** Keys that live at the provider, and that the state does not name. */
  async orphans(): Promise<readonly string[]> {
    const named = JSON.stringify((await this.state()) ?? {});
    return this.accounts()
      .filter(({ id }) => !named.includes(`"${id}"`))
      .map(({ name }) => name);
  }

  /** Keys that consumers had, and that were revoked before the overlap after their successor's promotion was over. */
  async revokedEarly(): Promise<readonly string[]> {
    const metadata = await this.ground.vault.read(`${MOUNT}/metadata/${this.spec.live.path}`);
    const versions = metadata?.versions as Readonly<Record<string, { readonly created_time: string }>>;
    return [...this.#seen].flatMap(([value, version]) => {
      const revokedAt = this.ground.provider.state.keys.keyWithValue(value)?.revokedAt;
      const replacedAt = Date.parse(versions[version + 1]?.created_time ?? "");
      if (revokedAt === undefined) return [];
      const early = replacedAt + this.spec.overlapSeconds * 1_000 - revokedAt.getTime();
      return early <= 0 ? [] : [`version ${version}: ${early} ms early`];
    });
  }

  async externalSecret(): Promise<Fields> {
    const path = `/apis/external-secrets.io/v1/namespaces/${NAMESPACE}/externalsecrets/${this.spec.key}`;
    return this.ground.cluster.get<Fields>(path);
  }

  async events(): Promise<readonly { readonly reason: string; readonly note: string }[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;
    const { items } = await this.ground.cluster.get<{
      items: { regarding: { name: string; uid: string }; reason: string; note: string }[];
    }>(path);
    return items.filter(({ regarding }) => regarding.name === this.spec.key);
  }

  close(): Promise<void> {
    return this.proxies.close();
  }

  async #start(start: NonNullable<CaseOptions["start"]>): Promise<void> {
    const { keys } = this.ground.provider.state;
    if (start === "nothing") return;
    if (start === "operator's key") {
      const key = keys.putKey(`sk-put-by-hand-${this.spec.key}`);
      return this.putLive({ [this.spec.live.property]: key.value, other: "stays" });
    }
    const name = `${this.spec.namePrefix}-1`;
    const { account, key } = keys.createAccount(this.project, name, 0);
    await this.putLive({ [this.spec.live.property]: key.value, other: "stays" });
    await this.putState({
      ...{ format: 1, generation: 1, run: "earlier", job: "job-0", phase: "idle" },
      current: {
        name,
        id: account.id,
        digest: digestOf(key.value),
        version: 1,
        promotedAt: new Date().toISOString(),
      },
      ...{ previous: [], doomed: [], history: [] },
    });
  }

  /** Exactly what a rotation of this specification is to be granted, and its service account's files as in a pod. */
  async #grant(): Promise<void> {
    const { vault, cluster, sandbox } = this.ground;
    const { account, key } = this.spec;
    const policy = policyText("tests", requiredGrants(this.spec));
    await vault.write(`sys/policies/acl/rotation-test-${key}`, { policy });
    await vault.write(`auth/${AUTH_MOUNT}/role/${key}`, {
      ...{ role_type: "jwt", user_claim: "sub", bound_audiences: ["vault"] },
      bound_subject: `system:serviceaccount:${account.namespace}:${account.serviceAccount}`,
      ...{ token_policies: [`rotation-test-${key}`], token_no_default_policy: true, token_ttl: "10m" },
    });
    const core = `/api/v1/namespaces/${NAMESPACE}`;
    await ensure(cluster, `${core}/serviceaccounts`, { metadata: { name: account.serviceAccount } });
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;
    const rules = requiredRules(this.spec)[NAMESPACE];
    await ensure(cluster, `${rbac}/roles`, { metadata: { name: key }, rules });
    await ensure(cluster, `${rbac}/rolebindings`, {
      metadata: { name: key },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: key },
      subjects: [{ kind: "ServiceAccount", name: account.serviceAccount, namespace: account.namespace }],
    });
    for (const { externalSecret: name } of this.spec.consumers) {
      const path = `/apis/external-secrets.io/v1/namespaces/${NAMESPACE}/externalsecrets`;
      await ensure(cluster, path, externalSecret(name, this.spec.live.path, this.spec.live.property));
    }
    for (const { name } of this.spec.restarts) {
      await ensure(cluster, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, deployment(name));
    }
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [] } };
    const made = await cluster.send<{ readonly status: { readonly token: string } }>(
      "POST",
      `${core}/serviceaccounts/${account.serviceAccount}/token`,
      request,
    );
    await writeFile(join(this.folder, "token"), made.status.token, { mode: 0o600 });
    await writeFile(join(this.folder, "ca.crt"), sandbox.kubernetes.caPem);
  }
}

function specOf(id: string, proxies: Proxies, options: CaseOptions): RotationSpec {
  const { overlapSeconds = 1, limits, consumers = 1, restarts = 0, provider } = options;
  return {
    environment: "test",
    key: id,
    vault: { address: proxies.addresses.vault, authMount: AUTH_MOUNT, role: id, audiences: ["vault"] },
    account: { namespace: NAMESPACE, serviceAccount: `rotator-${id}` },
    live: { mount: MOUNT, path: `live/${id}`, property: "api_key" },
    state: { mount: MOUNT, path: `rotation/${id}` },
    admin: { mount: MOUNT, path: "admin", property: "api_key" },
    provider: provider ?? { kind: "openai", baseUrl: `${proxies.addresses.provider}/v1` },
    project: `proj_${id}`,
    namePrefix: `gateway-test-${id}`,
    overlapSeconds,
    consumers: Array.from({ length: consumers }, (_, index) => ({
      namespace: NAMESPACE,
      externalSecret: index === 0 ? id : `${id}-${index + 1}`,
      secret: index === 0 ? id : `${id}-${index + 1}`,
    })),
    restarts: Array.from({ length: restarts }, (_, index) => ({
      namespace: NAMESPACE,
      kind: "Deployment",
      name: `${id}-${index + 1}`,
    })),
    limits: { request: 5, retry: 3, test: 2, sync: 30, ...limits },
  };
}

function deployment(name: string) {
  const labels = { app: name };
  const containers = [{ name: "main", image: "docker.io/library/node:24" }];
  return {
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
