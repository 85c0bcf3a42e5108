import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { rotationBindings } from "../../access/operators/rotation.ts";
import type { RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { bundleJob } from "../../jobs/bundle.ts";
import { podSecurityLabels } from "../external-secrets/hardening.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { protection } from "../protection.ts";
import { operatorsRights, type RightsInForce } from "../rights-in-force.ts";
import { tokenReview } from "./cluster-access.ts";
import { programConfigMap } from "./config-maps.ts";
import { KeyRotation } from "./key-rotation.ts";
import { rotationNetworkPolicies } from "./network.ts";

export interface RotationsArgs {
  readonly settings: Settings;
  readonly rotation: RotationSettings;
  /** Path of the auth mount, without `auth/`. */
  readonly authMount: pulumi.Input<string>;
  /** Declared namespace -> its name, known once it is there. */
  readonly namespaces: Readonly<Record<string, pulumi.Input<string>>>;
  /** Whether alerts are made: they are asked for, and the cluster takes them. */
  readonly alerting: boolean;
  /** See StackArgs. */
  readonly rightsInForce?: RightsInForce;
}

/** Provider keys that are replaced on a schedule: what their rotators share, and then each. No value passes through here. */
export class Rotations extends pulumi.ComponentResource {
  readonly #args: RotationsArgs;

  constructor(name: string, args: RotationsArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:rotation:Rotations", name, {}, options);
    this.#args = args;
    const namespace = this.#namespace();
    const rights = [...namespace, ...this.#operatorsRights(namespace), ...this.#tokenReview()];
    const program = this.#program(rights);
    const ready = [...rights, program, ...this.#networkPolicies(rights)];
    for (const key of args.rotation.keys) {
      new KeyRotation(
        key.name,
        { ...args, key, program: program.metadata.name },
        { parent: this, dependsOn: ready },
      );
    }
    if (!args.settings.monitoring.prometheusRules) void pulumi.log.info(NO_ALERTS, this);
    this.registerOutputs({});
  }

  #namespace(): pulumi.Resource[] {
    const { settings, rotation } = this.#args;
    if (!rotation.create) return [];
    const labels = { ...ownLabels(settings.environment), ...podSecurityLabels() };
    return [
      new k8s.core.v1.Namespace(
        rotation.namespace,
        { metadata: { name: rotation.namespace, labels } },
        { parent: this, ...protection(settings.tier) },
      ),
    ];
  }

  /** Who deploys may write CronJobs here, and only here. */
  #operatorsRights(dependsOn: pulumi.Resource[]): pulumi.Input<pulumi.Resource>[] {
    return operatorsRights(rotationBindings(this.#args.settings), this.#args, { parent: this, dependsOn });
  }

  #tokenReview(): pulumi.Resource[] {
    const { settings, rotation } = this.#args;
    const binding = tokenReview(settings, rotation);
    if (binding === undefined) return [];
    const logicalName = `${rotation.namespace}/token-review`;
    return [new k8s.rbac.v1.ClusterRoleBinding(logicalName, binding, { parent: this })];
  }

  #program(dependsOn: pulumi.Input<pulumi.Resource>[]): k8s.core.v1.ConfigMap {
    const { settings, rotation } = this.#args;
    const manifest = programConfigMap(settings, rotation, bundleJob("rotator"));
    return new k8s.core.v1.ConfigMap(`${rotation.namespace}/rotator`, manifest, { parent: this, dependsOn });
  }

  #networkPolicies(dependsOn: pulumi.Input<pulumi.Resource>[]): pulumi.Resource[] {
    const { settings, rotation } = this.#args;
    return rotationNetworkPolicies(settings, rotation).map(
      (manifest) =>
        new k8s.networking.v1.NetworkPolicy(`${rotation.namespace}/${manifest.metadata.name}`, manifest, {
          parent: this,
          dependsOn,
        }),
    );
  }
}

const NO_ALERTS =
  "Nobody is told of a rotation that fails or is overdue: declare monitoring.prometheusRules: true where the cluster has the " +
  "Prometheus Operator and kube-state-metrics, or look at: npm run rotate -- status";
