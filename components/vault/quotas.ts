import type * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";

type VaultSettings = Settings["vault"];
export type QuotaSettings = VaultSettings["quotas"][string];

/** The declared quotas, parted by what must exist first: those on the auth mount, and all others. */
export function quotasByPlace({ auth, quotas }: Pick<VaultSettings, "auth" | "quotas">): {
  readonly onAuthMount: readonly (readonly [string, QuotaSettings])[];
  readonly elsewhere: readonly (readonly [string, QuotaSettings])[];
} {
  const entries = Object.entries(quotas);
  const onAuthMount = ([, quota]: readonly [string, QuotaSettings]) => quota.path === `auth/${auth.mount}`;
  return {
    onAuthMount: entries.filter(onAuthMount),
    elsewhere: entries.filter((entry) => !onAuthMount(entry)),
  };
}

/** A rate-limit quota, in requests per second and node. */
export function rateLimit(
  name: string,
  quota: QuotaSettings,
  options: pulumi.CustomResourceOptions,
): vault.QuotaRateLimit {
  return new vault.QuotaRateLimit(
    name,
    {
      name,
      rate: quota.rate,
      interval: seconds(quota.interval),
      // Vault gives a mount back with its slash; written so, it never differs on refresh.
      ...(quota.path === undefined ? {} : { path: `${quota.path}/` }),
    },
    options,
  );
}
