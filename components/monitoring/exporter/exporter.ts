import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import { monitoringBindings } from "../../../access/operators/monitoring.ts";
import type { Settings } from "../../../config/schema.ts";
import { bundleJob } from "../../../jobs/bundle.ts";
import { podSecurityLabels } from "../../external-secrets/hardening.ts";
import { ownLabels } from "../../external-secrets/metadata.ts";
import { protection } from "../../protection.ts";
import { operatorsRights, type RightsInForce } from "../../rights-in-force.ts";
import { loginRole } from "../../vault/login-role.ts";
import { exporterReview, exporterRoles } from "./cluster-access.ts";
import { EXPORTER, exporterLabels } from "./names.ts";
import { exporterNetworkPolicies } from "./network.ts";
import type { ExporterSettings } from "./settings.ts";
import { exporterAccount, exporterPolicy } from "./vault-access.ts";
import { deployment, programConfigMap, service, specConfigMap } from "./workload.ts";

export interface ExporterArgs {
  readonly settings: Settings;
  readonly exporter: ExporterSettings;
  /** Path of the auth mount, without `auth/`. */
  readonly authMount: pulumi.Input<string>;
  /** Declared namespace, or the rotators' -> its name, known once it is there. */
  readonly namespaces: Readonly<Record<string, pulumi.Input<string>>>;
  /** See StackArgs. */
  readonly rightsInForce?: RightsInForce;
}

/** The program that says how far the cluster is behind Vault, with exactly its own rights in both. No value passes through here. */
export class Exporter extends pulumi.ComponentResource {
  readonly #args: ExporterArgs;

  constructor(name: string, args: ExporterArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:monitoring:Exporter", name, {}, options);
    this.#args = args;
    const namespace = this.#namespace();
    const operators = this.#operatorsRights(namespace);
    const account = this.#serviceAccount(namespace);
    const rights = [...operators, account, ...this.#clusterAccess(account), this.#vaultAccess()];
    this.#workload([...rights, ...this.#networkPolicies(operators)]);
    this.registerOutputs({});
  }

  #namespace(): pulumi.Resource[] {
    const { settings, exporter } = this.#args;
    if (!exporter.create) return [];
    const labels = { ...ownLabels(settings.environment), ...podSecurityLabels() };
    return [
      new k8s.core.v1.Namespace(
        exporter.namespace,
        { metadata: { name: exporter.namespace, labels } },
        { parent: this, ...protection(settings.tier) },
      ),
    ];
  }

  /** Who deploys may write a Deployment here, and only here. */
  #operatorsRights(dependsOn: pulumi.Resource[]): pulumi.Input<pulumi.Resource>[] {
    const bindings = monitoringBindings(this.#args.settings);
    return [...dependsOn, ...operatorsRights(bindings, this.#args, { parent: this, dependsOn })];
  }

  #serviceAccount(dependsOn: pulumi.Resource[]): pulumi.Resource {
    const { settings, exporter } = this.#args;
    const metadata = {
      name: EXPORTER,
      namespace: exporter.namespace,
      labels: exporterLabels(settings.environment),
    };
    return new k8s.core.v1.ServiceAccount(
      this.#logicalName(EXPORTER),
      { metadata, automountServiceAccountToken: false },
      { parent: this, dependsOn },
    );
  }

  /** The namespaces' names come from what makes them, so that each is there first. */
  #clusterAccess(account: pulumi.Resource): pulumi.Resource[] {
    const { settings, exporter, namespaces } = this.#args;
    const roles = exporterRoles(settings, exporter).flatMap(({ namespace, role, binding }) => {
      const logicalName = `${namespace}/${EXPORTER}`;
      const there = { namespace: namespaces[namespace] ?? namespace };
      const made = new k8s.rbac.v1.Role(
        logicalName,
        { ...role, metadata: { ...role.metadata, ...there } },
        { parent: this, dependsOn: account },
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
    const review = exporterReview(settings, exporter);
    if (review === undefined) return roles;
    const logicalName = this.#logicalName("token-review");
    return [...roles, new k8s.rbac.v1.ClusterRoleBinding(logicalName, review, { parent: this })];
  }

  #vaultAccess(): pulumi.Resource {
    const { settings, exporter, authMount } = this.#args;
    const { name, document } = exporterPolicy(settings, exporter);
    const policy = new vault.Policy(name, { name, policy: document }, { parent: this });
    const account = exporterAccount(settings, exporter);
    return loginRole({ settings, account, authMount, tokenPolicies: [policy.name] }, { parent: this });
  }

  #networkPolicies(dependsOn: pulumi.Input<pulumi.Resource>[]): pulumi.Resource[] {
    const { settings, exporter } = this.#args;
    return exporterNetworkPolicies(settings, exporter).map(
      (manifest) =>
        new k8s.networking.v1.NetworkPolicy(this.#logicalName(manifest.metadata.name), manifest, {
          parent: this,
          dependsOn,
        }),
    );
  }

  #workload(dependsOn: pulumi.Input<pulumi.Resource>[]): void {
    const { settings, exporter } = this.#args;
    const options = { parent: this, dependsOn };
    const program = new k8s.core.v1.ConfigMap(
      this.#logicalName("exporter"),
      programConfigMap(settings, exporter, bundleJob("exporter")),
      options,
    );
    const spec = new k8s.core.v1.ConfigMap(
      this.#logicalName("exporter-spec"),
      specConfigMap(settings, exporter),
      options,
    );
    const files = { program: program.metadata.name, spec: spec.metadata.name };
    new k8s.core.v1.Service(this.#logicalName(EXPORTER), service(settings, exporter), options);
    new k8s.apps.v1.Deployment(this.#logicalName(EXPORTER), deployment(settings, exporter, files), options);
  }

  #logicalName(name: string): string {
    return `${this.#args.exporter.namespace}/${name}`;
  }
}
