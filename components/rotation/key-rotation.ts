import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { loginRole } from "../vault/login-role.ts";
import { rotationRule } from "./alerts.ts";
import { rotatorRoles } from "./cluster-access.ts";
import { specConfigMap } from "./config-maps.ts";
import { cronJob, JOB_KINDS } from "./cron-jobs.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import type { RotationsArgs } from "./rotations.ts";
import { rotationAccount, rotationPolicy } from "./vault-access.ts";

export interface KeyRotationArgs extends RotationsArgs {
  readonly key: RotationKey;
  /** Name of the ConfigMap that holds the program. */
  readonly program: pulumi.Input<string>;
}

/** One key's rotation: a service account with exactly its own rights in Vault and in the cluster, two CronJobs, alerts. */
export class KeyRotation extends pulumi.ComponentResource {
  readonly #args: KeyRotationArgs;

  constructor(name: string, args: KeyRotationArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:rotation:KeyRotation", name, {}, options);
    this.#args = args;
    const account = this.#serviceAccount();
    const rights = [account, ...this.#clusterAccess(account), this.#vaultAccess()];
    this.#cronJobs(this.#spec(), rights);
    if (args.alerting) this.#alerts();
    this.registerOutputs({});
  }

  /** The Jobs mount its token by themselves. */
  #serviceAccount(): pulumi.Resource {
    const { settings, rotation, key } = this.#args;
    const { rotate: name } = rotationNames(settings, rotation, key);
    const metadata = {
      name,
      namespace: rotation.namespace,
      labels: rotationLabels(settings.environment, key),
    };
    return new k8s.core.v1.ServiceAccount(
      this.#logicalName(name),
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
  }

  /** The namespaces' names come from what makes them, so that each is there first. */
  #clusterAccess(account: pulumi.Resource): pulumi.Resource[] {
    const { settings, rotation, key, namespaces } = this.#args;
    return rotatorRoles(settings, rotation, key).flatMap(({ namespace, role, binding }) => {
      const logicalName = `${namespace}/${role.metadata.name}`;
      const there = { namespace: namespaces[namespace] ?? namespace };
      const made = new k8s.rbac.v1.Role(
        logicalName,
        { ...role, metadata: { ...role.metadata, ...there } },
        { parent: this },
      );
      return [
        made,
        new k8s.rbac.v1.RoleBinding(
          logicalName,
          { ...binding, metadata: { ...binding.metadata, ...there } },
          { parent: this, dependsOn: [made, account] },
        ),
      ];
    });
  }

  #vaultAccess(): pulumi.Resource {
    const { settings, rotation, key, authMount } = this.#args;
    const { name, document } = rotationPolicy(settings, rotation, key);
    const policy = new vault.Policy(name, { name, policy: document }, { parent: this });
    const account = rotationAccount(settings, rotation, key);
    return loginRole({ settings, account, authMount, tokenPolicies: [policy.name] }, { parent: this });
  }

  #spec(): k8s.core.v1.ConfigMap {
    const { settings, rotation, key } = this.#args;
    const { rotate } = rotationNames(settings, rotation, key);
    const manifest = specConfigMap(settings, rotation, key);
    return new k8s.core.v1.ConfigMap(this.#logicalName(rotate), manifest, { parent: this });
  }

  #cronJobs(spec: k8s.core.v1.ConfigMap, dependsOn: pulumi.Resource[]): void {
    const { settings, rotation, key, program } = this.#args;
    const files = { program, spec: spec.metadata.name };
    for (const kind of JOB_KINDS) {
      const manifest = cronJob(kind, settings, rotation, key, files);
      new k8s.batch.v1.CronJob(this.#logicalName(manifest.metadata.name), manifest, {
        parent: this,
        dependsOn,
      });
    }
  }

  #alerts(): void {
    const { settings, rotation, key } = this.#args;
    const manifest = rotationRule(settings, rotation, key);
    new k8s.apiextensions.CustomResource(this.#logicalName(manifest.metadata.name), manifest, {
      parent: this,
    });
  }

  #logicalName(name: string): string {
    return `${this.#args.rotation.namespace}/${name}`;
  }
}
