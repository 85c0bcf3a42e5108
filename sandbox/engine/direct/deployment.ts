import type { runtime } from "@pulumi/pulumi";
import { refOf } from "../../../clients/kubernetes.ts";
import { type Fields, fieldsOf, messageOf, unwrapped } from "../../../resources/values.ts";
import { vaultTypes } from "../../../resources/vault-types.ts";
import type { Change, ChangeAction } from "../engine.ts";
import type { Helm } from "./helm.ts";
import { objectKey, pruneKubernetes } from "./kubernetes-prune.ts";
import { applyKubernetes } from "./kubernetes-resource.ts";
import { applyKvSecret, kvSecretType } from "./kv-secret.ts";
import type { Owned } from "./owned.ts";
import { pkiTypes } from "./pki-types.ts";
import { Providers } from "./providers.ts";
import { passwordOf, passwordType } from "./random-password.ts";
import { pruneVault } from "./vault-prune.ts";
import { applyVault } from "./vault-resource.ts";

type ResourceArgs = runtime.MockResourceArgs;
type ResourceResult = runtime.MockResourceResult;
type Applied = {
  readonly id: string;
  readonly action: ChangeAction;
  /** Beyond the inputs. */
  readonly outputs?: Fields;
};

const helmType = "kubernetes:helm.sh/v3:Release";

/** One run of the program: creates each resource that the SDK registers, and remembers what is declared. */
export class Deployment {
  readonly #providers = new Providers();
  readonly #helm: Helm;
  readonly #owner: string;
  readonly #report: (change: Change) => void;
  readonly #failed: () => void;
  readonly #failures: string[] = [];
  readonly #vaultPaths = new Set<string>();
  readonly #objects = new Set<string>();
  readonly #releases = new Set<string>();
  #underWay = 0;

  /**
   * @param owner the stack's environment, by which its objects are told from those of another stack on the same cluster
   * @param failed called once a resource has failed and those under way beside it have ended
   */
  constructor(helm: Helm, owner: string, report: (change: Change) => void, failed: () => void) {
    this.#helm = helm;
    this.#owner = owner;
    this.#report = report;
    this.#failed = failed;
  }

  /** The messages of the resources that failed. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** What the SDK calls for each resource, once its inputs and dependencies are there. */
  async newResource(args: ResourceArgs): Promise<ResourceResult> {
    if (args.custom === false) return { id: "", state: args.inputs };
    if (this.#failures.length > 0) throw new Error("not started, because another resource failed");
    this.#underWay += 1;
    try {
      const { id, outputs } = await this.#create(args);
      return { id, state: { ...args.inputs, ...outputs } };
    } catch (error) {
      this.#failures.push(`${args.name} (${args.type}): ${messageOf(error)}`);
      throw error;
    } finally {
      this.#underWay -= 1;
      if (this.#failures.length > 0 && this.#underWay === 0) this.#failed();
    }
  }

  /** Removes what is the stack's own and was not registered in this run. */
  async prune(owned: Owned): Promise<void> {
    const { vaults, clusters } = this.#providers.all();
    const deleted = (type: string, name: string) => this.#report({ action: "deleted", type, name });
    // First: the rights for it stand in the release's namespace, and go with that.
    for (const release of owned.releases) {
      const name = `${release.namespace}/${release.name}`;
      if (this.#releases.has(name)) continue;
      await this.#helm.uninstall(release);
      deleted("helm release", name);
    }
    for (const kubernetes of clusters) {
      for (const ref of await pruneKubernetes(kubernetes, this.#owner, this.#objects)) {
        deleted(ref.kind, ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`);
      }
    }
    for (const vault of vaults) {
      for (const path of await pruneVault(vault, owned.vault, this.#vaultPaths)) deleted("Vault", path);
    }
  }

  async close(): Promise<void> {
    await this.#providers.close();
  }

  async #create({ type, name, inputs, provider }: ResourceArgs): Promise<Omit<Applied, "action">> {
    if (type.startsWith("pulumi:providers:")) {
      await this.#providers.add(type, name, inputs);
      return { id: name };
    }
    const { action, ...applied } = await this.#apply({
      type,
      name,
      inputs: fieldsOf(unwrapped(inputs)),
      provider,
    });
    this.#report({ action, type, name });
    return applied;
  }

  async #apply({
    type,
    name,
    inputs,
    provider,
  }: {
    readonly type: string;
    readonly name: string;
    readonly inputs: Fields;
    readonly provider: string | undefined;
  }): Promise<Applied> {
    if (type === helmType) {
      const applied = await this.#helm.apply(this.#providers.kubernetes(provider), inputs);
      this.#releases.add(applied.id);
      return applied;
    }
    if (type.startsWith("kubernetes:") && typeof inputs.kind === "string") {
      this.#objects.add(objectKey(refOf(inputs)));
      return applyKubernetes(this.#providers.kubernetes(provider), inputs, this.#owner);
    }
    // Nothing remembers it: it is made anew each time, and used where the secret that it is for is still to be written.
    if (type === passwordType) return { id: "none", action: "same", outputs: { result: passwordOf(inputs) } };
    if (type === kvSecretType) return applyKvSecret(this.#providers.vault(provider), inputs);
    const parts = vaultTypes[type];
    if (parts !== undefined) {
      for (const part of parts) this.#vaultPaths.add(part.path(inputs));
      return applyVault(this.#providers.vault(provider), type, inputs);
    }
    const step = pkiTypes[type];
    if (step !== undefined) return step(this.#providers.vault(provider), inputs, name);
    throw new Error(
      `the direct engine does not know this type: add it to sandbox/engine/direct, or use the Pulumi engine`,
    );
  }
}
