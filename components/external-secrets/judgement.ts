import type { ExternalSecretManifest } from "./external-secret.ts";

/** A custom resource as the API server gives it, as far as its readiness is concerned. */
export interface LiveObject {
  readonly metadata: {
    readonly name: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: unknown;
  readonly status?: {
    readonly conditions?: readonly Condition[];
    /** `<generation>-<hash of labels and annotations>` of what ESO last synced. */
    readonly syncedResourceVersion?: string;
    /** When the last successful sync began; null, or of year 1, before the first. */
    readonly refreshTime?: string | null;
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** When `status` last changed. */
  readonly lastTransitionTime?: string;
}

/**
 * `pending`: nobody has come to it yet. `failing`: ESO tried, and will try again after its back-off or the refresh
 * interval unless it is nudged.
 */
export type Verdict =
  | { readonly state: "ready" }
  | { readonly state: "pending" | "failing"; readonly reason: string };

/** True conditions under which there is no value: ESO calls these done, and the workload still has no Secret. */
const VALUELESS: Readonly<Record<string, string>> = {
  SecretDeleted: "Vault has no value, so that the Secret is deleted (deletionPolicy: Delete)",
  SecretMissing: "the target Secret does not exist, and creationPolicy: Merge only adds to one that does",
};

/**
 * Whether an ExternalSecret is synced as rendered. A Ready condition alone does not say so: right after an edit it is
 * still that of the generation before.
 */
export function judge(live: LiveObject | undefined, rendered: ExternalSecretManifest): Verdict {
  if (live === undefined) return pending("it has not been created yet");
  if (live.metadata.deletionTimestamp !== undefined) return pending("it is being deleted");
  if (!contains(live.spec, rendered.spec)) return pending("its declared spec has not been applied yet");
  const verdict = judgeReady(live);
  if (verdict.state !== "ready" || coversGeneration(live)) return verdict;
  return pending("ESO has not synced its newest generation yet");
}

/** Whether ESO's last sync of an ExternalSecret, of whichever generation, left a Secret with a value. */
export function judgeReady(live: LiveObject | undefined): Verdict {
  if (live === undefined) return pending("it has not been created yet");
  const ready = readyCondition(live);
  if (ready === undefined) return pending("ESO has not come to it yet");
  if (ready.status !== "True") return failing(ready);
  const valueless = VALUELESS[ready.reason ?? ""];
  return valueless === undefined ? { state: "ready" } : { state: "failing", reason: valueless };
}

/** Whether the last successful sync was of the spec as it is now. */
export function coversGeneration({ metadata: { generation = 0 }, status }: LiveObject): boolean {
  return status?.syncedResourceVersion?.startsWith(`${generation}-`) === true;
}

/** Whether ESO has logged in to Vault through a SecretStore. */
export function judgeStore(live: LiveObject | undefined): Verdict {
  if (live === undefined) return pending("it has not been created yet");
  const ready = readyCondition(live);
  if (ready === undefined) return pending("ESO has not come to it yet");
  return ready.status === "True" ? { state: "ready" } : failing(ready);
}

function readyCondition({ status }: LiveObject): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

function pending(reason: string): Verdict {
  return { state: "pending", reason };
}

function failing({ message, reason }: Condition): Verdict {
  return { state: "failing", reason: message || reason || "ESO gives no reason" };
}

/** Whether `live` has everything that `rendered` has; what the API server or ESO added does not count. */
export function contains(live: unknown, rendered: unknown): boolean {
  if (Array.isArray(rendered)) {
    const items: readonly unknown[] = rendered;
    return (
      Array.isArray(live) &&
      live.length === items.length &&
      items.every((item, index) => contains(live[index], item))
    );
  }
  if (typeof rendered !== "object" || rendered === null) return Object.is(live, rendered);
  if (typeof live !== "object" || live === null) return false;
  const found = live as Readonly<Record<string, unknown>>;
  return Object.entries(rendered).every(([key, value]) => contains(found[key], value));
}
