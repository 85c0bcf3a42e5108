import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { releaseBindings } from "../../access/operators/kubernetes.ts";
import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { protection } from "../protection.ts";
import { operatorsRights, type RightsInForce } from "../rights-in-force.ts";
import { AdmissionPolicies } from "./admission-policies.ts";
import type { CrdManifest } from "./crds.ts";
import { networkPolicies, podSecurityLabels } from "./hardening.ts";
import { ownLabels } from "./metadata.ts";
import { operatorRightsIn } from "./operator-rights.ts";
import {
  operatorClusterRules,
  operatorNamespaceRules,
  operatorRoleName,
  operatorSubject,
  tokenReviewRoleName,
  tokenReviewRules,
} from "./rbac.ts";
import { chartValues, releaseName } from "./values.ts";

export interface ExternalSecretsOperatorArgs {
  readonly settings: Settings;
  /** What `loadCrds` gave. */
  readonly crds: readonly CrdManifest[];
  /** See StackArgs. */
  readonly rightsInForce?: RightsInForce;
}

/**
 * What all namespaces share: the External Secrets Operator with its definitions and rights (mode `managed`; in mode
 * `existing` it is there already), what admission refuses of ESO's kinds, and the right to have a token reviewed, which
 * the namespaces' service accounts are given (auth method `kubernetes`). Depend on it as a whole: it is complete when the operator runs.
 */
export class ExternalSecretsOperator extends pulumi.ComponentResource {
  constructor(name: string, args: ExternalSecretsOperatorArgs, opts: pulumi.ComponentResourceOptions) {
    super("vault-management:external-secrets:Operator", name, {}, opts);
    const { settings } = args;
    if (settings.vault.auth.method === "kubernetes") this.#tokenReviewRole(settings);
    const definitions = settings.externalSecrets.mode === "managed" ? this.#operator(args) : [];
    new AdmissionPolicies("admission", { settings, definitions }, { parent: this });
    this.registerOutputs();
  }

  #tokenReviewRole({ environment }: Settings): void {
    new k8s.rbac.v1.ClusterRole(
      "token-review",
      { metadata: clusterMetadata(tokenReviewRoleName(environment), environment), rules: tokenReviewRules() },
      { parent: this },
    );
  }

  /** Gives the definitions. */
  #operator(args: ExternalSecretsOperatorArgs): readonly pulumi.Resource[] {
    const { settings, crds } = args;
    const namespace = this.#namespace(settings);
    const definitions = crds.map((crd) => this.#definition(crd, settings));
    const rights = [
      ...this.#clusterRights(settings),
      ...this.#rightsInOwnNamespace(settings, namespace),
      ...this.#deployersRights(args, namespace),
    ];
    const network = this.#networkPolicies(settings, [namespace, ...definitions, ...rights]);
    this.#release(settings, [namespace, ...definitions, ...rights, ...network]);
    return definitions;
  }

  #namespace({ environment, externalSecrets, tier }: Settings): pulumi.Resource {
    const { name, labels } = clusterMetadata(externalSecrets.namespace, environment);
    return new k8s.core.v1.Namespace(
      name,
      { metadata: { name, labels: { ...labels, ...podSecurityLabels() } } },
      { parent: this, ...protection(tier) },
    );
  }

  /** After the deployer's rights here; and after the definitions, which take longer than new rights to be followed. */
  #networkPolicies(
    settings: Settings,
    dependsOn: pulumi.Input<pulumi.Resource>[],
  ): readonly pulumi.Resource[] {
    return networkPolicies(settings).map(
      (manifest) =>
        new k8s.networking.v1.NetworkPolicy(
          `${manifest.metadata.namespace}/${manifest.metadata.name}`,
          manifest,
          { parent: this, dependsOn },
        ),
    );
  }

  #definition({ metadata, spec }: CrdManifest, { environment, tier }: Settings): pulumi.Resource {
    return new k8s.apiextensions.v1.CustomResourceDefinition(
      metadata.name,
      {
        metadata: { ...metadata, labels: { ...metadata.labels, ...ownLabels(environment) } },
        spec: spec as unknown as k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec,
      },
      { parent: this, ...protection(tier) },
    );
  }

  #clusterRights({ environment, externalSecrets }: Settings): readonly pulumi.Resource[] {
    const metadata = clusterMetadata(operatorRoleName(environment), environment);
    const role = new k8s.rbac.v1.ClusterRole(
      "external-secrets",
      { metadata, rules: operatorClusterRules() },
      { parent: this },
    );
    const binding = new k8s.rbac.v1.ClusterRoleBinding(
      "external-secrets",
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
        subjects: [operatorSubject(externalSecrets)],
      },
      { parent: this, dependsOn: [role] },
    );
    return [role, binding];
  }

  #rightsInOwnNamespace(settings: Settings, namespace: pulumi.Resource): readonly pulumi.Resource[] {
    return operatorRightsIn(settings.externalSecrets.namespace, operatorNamespaceRules(), settings, {
      parent: this,
      dependsOn: [namespace],
    });
  }

  /** Helm keeps its releases in Secrets of this namespace: who deploys may read those, and only here. */
  #deployersRights(
    args: ExternalSecretsOperatorArgs,
    namespace: pulumi.Resource,
  ): readonly pulumi.Input<pulumi.Resource>[] {
    return operatorsRights(releaseBindings(args.settings), args, { parent: this, dependsOn: [namespace] });
  }

  #release(settings: Settings, dependsOn: pulumi.Input<pulumi.Resource>[]): void {
    const { chart, namespace, readiness } = settings.externalSecrets;
    const repository = chart.source.startsWith("https://");
    new k8s.helm.v3.Release(
      releaseName,
      {
        name: releaseName,
        namespace,
        ...(repository
          ? { chart: "external-secrets", repositoryOpts: { repo: chart.source }, version: chart.version }
          : { chart: chart.source }),
        values: chartValues(settings),
        skipCrds: true,
        atomic: true,
        timeout: Math.max(MIN_RELEASE_SECONDS, seconds(readiness.timeout)),
        maxHistory: 5,
      },
      { parent: this, dependsOn },
    );
  }
}

/** Helm's own default: pulling the image on a cold node is part of it. */
const MIN_RELEASE_SECONDS = 300;

function clusterMetadata(name: string, environment: string) {
  return { name, labels: ownLabels(environment) };
}
