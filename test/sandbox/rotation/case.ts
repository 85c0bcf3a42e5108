import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { policyText } from "../../../access/operators/document.ts";
import { requiredGrants, requiredRules } from "../../../jobs/rotator/grants.ts";
import type { RotationSpec } from "../../../jobs/rotator/spec.ts";
import { digestOf, type RotationState, rotationState } from "../../../jobs/rotator/state.ts";
import { isNotFound } from "../../../sandbox/node-agent/api/client.ts";
import { until } from "../../../sandbox/processes/until.ts";
import type { ServiceAccount } from "../../../sandbox/providers/keys.ts";
import { type Call, type CallingConsumer, callTo, startConsumer } from "./consumer.ts";
import { AUTH_MOUNT, ensure, externalSecret, MOUNT, NAMESPACE, type RotationGround } from "./ground.ts";
import { type Ended, type RunningRotator, startRotator } from "./process.ts";
import { type Proxies, startProxies } from "./proxy.ts";
import { type CaseOptions, deployment, specOf } from "./spec.ts";

export type Command = "rotate" | "finish";
type Fields = Readonly<Record<string, unknown>>;

/** An event about the ExternalSecret. */
export interface ToldEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

interface KubernetesEvent extends ToldEvent {
  readonly reportingController: string;
  readonly regarding: { readonly name: string };
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
    const spec = specOf(id, proxies.addresses, options);
    const folder = join(ground.folder, id);
    await mkdir(folder);
    const opened = new RotationCase(ground, spec, proxies, folder);
    await opened.#start(options.start ?? "generation 1");
    await opened.#grant();
    await opened.respecify({});
    return opened;
  }

  /** Runs the program, as a pod of the Job `job`. */
  run(command: Command, job = "job-1", clockShiftSeconds = 0): RunningRotator {
    const { hostname, port } = new URL(this.proxies.addresses.kubernetes);
    const env = {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      SERVICE_ACCOUNT_DIR: this.folder,
      ROTATION_JOB: job,
    };
    const args = [command, join(this.folder, "spec.json")];
    return startRotator(this.ground.program, args, env, clockShiftSeconds);
  }

  async end(command: Command, job?: string): Promise<Ended> {
    this.proxies.watch({});
    return this.run(command, job).ended;
  }

  /** Calls with the key as it is in Vault. */
  consume(call: Call = callTo(this.ground.provider.address)): CallingConsumer {
    return startConsumer(call, async () => (await this.live())?.value);
  }

  /** Calls with the key as it is in the Secret that ESO syncs, once that is there. */
  async consumeSecret(): Promise<CallingConsumer> {
    const read = () => this.#secret();
    await until("ESO has synced the first key", { deadlineMs: 60_000 }, read);
    return startConsumer(callTo(this.ground.provider.address), read);
  }

  /** What runs are told otherwise from now on. */
  async respecify(changes: Partial<RotationSpec>): Promise<void> {
    await writeFile(join(this.folder, "spec.json"), JSON.stringify({ ...this.spec, ...changes }));
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

  async #secret(): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${this.spec.key}`;
    const secret = await this.ground.cluster
      .get<{ readonly data: { readonly api_key: string } }>(path)
      .catch((error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error)));
    return secret === undefined ? undefined : Buffer.from(secret.data.api_key, "base64").toString("utf8");
  }

  async state(): Promise<RotationState | undefined> {
    const secret = await this.ground.vault.read(`${MOUNT}/data/${this.spec.state.path}`);
    return secret?.data == null ? undefined : rotationState.parse(secret.data);
  }

  /** The state slot's custom metadata, as JSON. */
  async report(): Promise<string> {
    const metadata = await this.ground.vault.read(`${MOUNT}/metadata/${this.spec.state.path}`);
    return JSON.stringify(metadata?.custom_metadata ?? {});
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
    const slot = await this.ground.vault.read(`${MOUNT}/data/${this.spec.state.path}`);
    const named = JSON.stringify(slot?.data ?? {});
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

  /** Those of the rotator; ESO tells its own. */
  async events(): Promise<readonly ToldEvent[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;
    const { items } = await this.ground.cluster.get<{ items: readonly KubernetesEvent[] }>(path);
    const ours = items.filter(
      ({ regarding, reportingController }) =>
        regarding.name === this.spec.key && reportingController === "vault-management/rotator",
    );
    return ours.map(({ type, reason, note }) => ({ type, reason, note }));
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
