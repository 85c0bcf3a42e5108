import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NamespaceSettings, Settings, StoreSettings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { protection } from "../protection.ts";
import { type DeclaredGenerator, dynamicSecretManifest, generatorsOf } from "./dynamic-secret.ts";
import { type ExternalSecretManifest, externalSecretManifests } from "./external-secret.ts";
import { ownLabels } from "./metadata.ts";
import { operatorRightsIn } from "./operator-rights.ts";
import { tokenReviewBindingName, tokenReviewRoleName, workloadNamespaceRules } from "./rbac.ts";
import { storeManifest } from "./store.ts";

export interface NamespaceSecretsArgs {
  readonly settings: Settings;
  readonly namespace: NamespaceSettings;
  /** SecretStore -> name of the Vault role that it logs in as, known once the role is there. */
  readonly roles: Readonly<Record<string, pulumi.Input<string>>>;
  /** What must run before a store or ExternalSecret is made, and until after it is gone. */
  readonly operator: pulumi.Resource;
}

/** One namespace: who logs in to Vault for it, what ESO may do in it, its SecretStores, generators and ExternalSecrets. */
export class NamespaceSecrets extends pulumi.ComponentResource {
  /** Known once the SecretStores are there, their ids by commas: from then on the ExternalSecrets can become Ready. */
  readonly storeId: pulumi.Output<string>;
  /** The namespace's name, known once it is there. */
  readonly namespace: pulumi.Output<string>;

  readonly #args: NamespaceSecretsArgs;

  constructor(name: string, args: NamespaceSecretsArgs, opts: pulumi.ComponentResourceOptions) {
    super("vault-management:external-secrets:NamespaceSecrets", name, {}, opts);
    this.#args = args;
    const namespace = this.#namespace();
    this.namespace = namespace[0]?.metadata.name ?? pulumi.output(args.namespace.name);
    const accounts = args.namespace.stores.map((store) => this.#serviceAccount(store, namespace));
    const rights = [...this.#operatorRights(namespace), ...this.#tokenReview(accounts)];
    const stores = args.namespace.stores.map((store) =>
      this.#store(store, [...accounts, ...rights, args.operator]),
    );
    const generators = generatorsOf(args.namespace).map((one) =>
      this.#generator(one, [...accounts, ...rights, args.operator]),
    );
    for (const manifest of externalSecretManifests(args.settings, args.namespace)) {
      this.#externalSecret(manifest, [...stores, ...generators, ...rights, args.operator]);
    }
    this.storeId = pulumi.all(stores.map(({ id }) => id)).apply((ids) => ids.join(","));
    this.registerOutputs({ storeId: this.storeId, namespace: this.namespace });
  }

  #namespace(): k8s.core.v1.Namespace[] {
    const { settings, namespace } = this.#args;
    if (!namespace.create) return [];
    const metadata = { name: namespace.name, labels: ownLabels(settings.environment) };
    return [
      new k8s.core.v1.Namespace(namespace.name, { metadata }, { parent: this, ...protection(settings.tier) }),
    ];
  }

  /** Pods do not use it, so none gets its token. */
  #serviceAccount({ serviceAccount }: StoreSettings, dependsOn: pulumi.Resource[]): pulumi.Resource {
    return new k8s.core.v1.ServiceAccount(
      this.#logicalName(serviceAccount),
      { metadata: this.#metadata(serviceAccount), automountServiceAccountToken: false },
      { parent: this, dependsOn },
    );
  }

  #operatorRights(dependsOn: pulumi.Resource[]): readonly pulumi.Resource[] {
    const { settings, namespace } = this.#args;
    const rules = workloadNamespaceRules(namespace.stores.map(({ serviceAccount }) => serviceAccount));
    return operatorRightsIn(namespace.name, rules, settings, { parent: this, dependsOn });
  }

  #tokenReview(accounts: readonly pulumi.Resource[]): readonly pulumi.Resource[] {
    const { settings, namespace } = this.#args;
    if (settings.vault.auth.method !== "kubernetes") return [];
    const { environment } = settings;
    const binding = new k8s.rbac.v1.ClusterRoleBinding(
      this.#logicalName("token-review"),
      {
        metadata: {
          name: tokenReviewBindingName(environment, namespace.name),
          labels: ownLabels(environment),
        },
        roleRef: {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "ClusterRole",
          name: tokenReviewRoleName(environment),
        },
        subjects: namespace.stores.map(({ serviceAccount }) => ({
          kind: "ServiceAccount",
          name: serviceAccount,
          namespace: namespace.name,
        })),
      },
      { parent: this, dependsOn: [...accounts, this.#args.operator] },
    );
    return [binding];
  }

  /** Not awaited here: readiness.ts judges stores too, with a message of its own. */
  #store(store: StoreSettings, dependsOn: pulumi.Resource[]): k8s.apiextensions.CustomResource {
    const { settings, namespace, roles } = this.#args;
    const manifest = storeManifest(settings, namespace, store, roles[store.name]);
    return new k8s.apiextensions.CustomResource(this.#logicalName(manifest.metadata.name), manifest, {
      parent: this,
      dependsOn,
    });
  }

  /** It has no status to be awaited: whether it can be asked shows in its ExternalSecret. */
  #generator({ store, generator }: DeclaredGenerator, dependsOn: pulumi.Resource[]): pulumi.Resource {
    const { settings, namespace, roles } = this.#args;
    const manifest = dynamicSecretManifest(settings, namespace, store, generator, roles[store.name]);
    return new k8s.apiextensions.CustomResource(this.#logicalName(generator.name), manifest, {
      parent: this,
      dependsOn,
    });
  }

  #externalSecret(manifest: ExternalSecretManifest, dependsOn: pulumi.Resource[]): void {
    const { timeout } = this.#args.settings.externalSecrets.readiness;
    const patient = providerTimeout(timeout);
    new k8s.apiextensions.CustomResource(this.#logicalName(manifest.metadata.name), manifest, {
      parent: this,
      dependsOn,
      customTimeouts: { create: patient, update: patient, delete: timeout },
    });
  }

  #logicalName(name: string): string {
    return `${this.#args.namespace.name}/${name}`;
  }

  #metadata(name: string) {
    const { settings, namespace } = this.#args;
    return { name, namespace: namespace.name, labels: ownLabels(settings.environment) };
  }
}

/** Seconds by which readiness.ts, whose report names paths and the cause, is ahead of the provider's bare "timed out". */
const HEAD_START_SECONDS = 15;

/** How long the provider waits for an ExternalSecret: the first of the two waits to fail ends the update. */
function providerTimeout(readiness: string): string {
  return `${seconds(readiness) + HEAD_START_SECONDS}s`;
}
