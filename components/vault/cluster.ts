import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { goDuration, seconds } from "../durations.ts";
import { protection } from "../protection.ts";
import { mountDescription } from "./ownership.ts";
import { quotasByPlace, rateLimit } from "./quotas.ts";

/** A checked declaration fits as it is. */
export type VaultClusterArgs = Pick<Settings, "environment" | "tier" | "vault">;

type MountSettings = Settings["vault"]["mounts"][string];

/**
 * The KV v2 mounts of a stack and, where it manages the cluster, the cluster's own settings: audit devices, raft
 * autopilot, rate-limit quotas. In production, mounts and audit devices are protected and outlive the stack.
 */
export class VaultCluster extends pulumi.ComponentResource {
  /** Paths of the KV mounts, known once each exists and is configured. */
  readonly mounts: pulumi.Output<readonly string[]>;

  constructor(name: string, args: VaultClusterArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:vault:VaultCluster", name, {}, options);
    const managed = args.vault.cluster === "managed";

    // One by one, and before all else: while Vault enables a device it cannot record other answers, and then says 500
    // to what it has done.
    const devices = managed ? this.#auditDevices(args) : [];
    if (managed && args.vault.autopilot) this.#autopilot(args.vault.autopilot, devices);
    const mounts = Object.entries(args.vault.mounts).map(([path, mount]) =>
      this.#mount(path, mount, args, devices),
    );
    if (managed) {
      for (const [quota, fields] of quotasByPlace(args.vault).elsewhere) {
        rateLimit(quota, fields, { parent: this, dependsOn: mounts });
      }
    }

    this.mounts = pulumi.all(mounts.map(({ mount }) => mount));
    this.registerOutputs({ mounts: this.mounts });
  }

  #auditDevices({ environment, tier, vault: { auditDevices } }: VaultClusterArgs): pulumi.Resource[] {
    const devices: pulumi.Resource[] = [];
    for (const [path, device] of Object.entries(auditDevices)) {
      const audit = new vault.Audit(
        path,
        {
          type: device.type,
          path,
          description: mountDescription(environment),
          local: false,
          // log_raw stays off: values are logged as HMACs only.
          options: { file_path: device.filePath },
        },
        {
          parent: this,
          dependsOn: [...devices],
          // Vault refuses a second device on one path. The others stay meanwhile: each waits for the one before it.
          deleteBeforeReplace: true,
          ...protection(tier),
        },
      );
      devices.push(audit);
    }
    return devices;
  }

  #autopilot(autopilot: NonNullable<Settings["vault"]["autopilot"]>, dependsOn: pulumi.Resource[]): void {
    new vault.RaftAutopilot(
      "autopilot",
      {
        cleanupDeadServers: autopilot.cleanupDeadServers,
        deadServerLastContactThreshold: goDuration(autopilot.deadServerLastContactThreshold),
        lastContactThreshold: goDuration(autopilot.lastContactThreshold),
        serverStabilizationTime: goDuration(autopilot.serverStabilizationTime),
        ...(autopilot.minQuorum === undefined ? {} : { minQuorum: autopilot.minQuorum }),
      },
      { parent: this, dependsOn },
    );
  }

  #mount(
    path: string,
    settings: MountSettings,
    { environment, tier }: VaultClusterArgs,
    dependsOn: pulumi.Resource[],
  ): vault.kv.SecretBackendV2 {
    const mount = new vault.Mount(
      path,
      { path, type: "kv", options: { version: "2" }, description: mountDescription(environment) },
      { parent: this, dependsOn, ...protection(tier) },
    );
    return new vault.kv.SecretBackendV2(
      path,
      {
        mount: mount.path,
        maxVersions: settings.maxVersions,
        casRequired: settings.casRequired,
        deleteVersionAfter: seconds(settings.deleteVersionAfter),
      },
      { parent: this },
    );
  }
}
