import { releaseName } from "../../../components/external-secrets/values.ts";
import type { Eso, Finding, Secret, Store } from "../document.ts";
import { type Context, kubectl, runbook } from "./context.ts";

/** Whether the operator runs, with as many replicas as its Deployment asks for. */
export function esoFindings({ desired, available, since }: Eso, context: Context): readonly Finding[] {
  if (available > 0 && available >= desired) return [];
  const { namespace } = context.settings.externalSecrets;
  const severity = available === 0 ? "critical" : "warning";
  return [
    {
      area: "eso",
      severity,
      subject: `${namespace}/${releaseName}`,
      text: replicasText(desired, available),
      since,
      next: [kubectl(context, "-n", namespace, "describe", `deployment/${releaseName}`)],
      runbook: runbook(context, "EsoDown"),
    },
  ];
}

function replicasText(desired: number, available: number): string {
  if (desired === 0)
    return "ESO does not run, and nothing is synced: its Deployment is not there, or scaled to 0";
  return `ESO has ${available} of ${desired} replicas${available === 0 ? ": nothing is synced" : ""}`;
}

/** Stores that ESO cannot log in with; what reads through them fails with them and is counted here. */
export function storeFindings(
  stores: readonly Store[],
  secrets: readonly Secret[] | null,
  context: Context,
): readonly Finding[] {
  return stores
    .filter(({ ready }) => !ready)
    .map((store) => {
      const { namespace, name, reason, since } = store;
      const waiting = (secrets ?? []).filter((secret) => hindered(secret, [store])).length;
      return {
        area: "stores" as const,
        severity: "critical" as const,
        subject: `${namespace}/${name}`,
        text:
          `SecretStore ${namespace}/${name} is not ready: ${reason}` +
          (waiting === 0 ? "" : `; ${waiting} ExternalSecret(s) wait for it`),
        since,
        next: [kubectl(context, "-n", namespace, "describe", `secretstore/${name}`)],
        runbook: runbook(context, "SecretStoreNotReady"),
      };
    });
}

/** Whether an ExternalSecret has nothing of its own to be mended: its store is not ready. */
export function hindered({ namespace, store, state }: Secret, stores: readonly Store[]): boolean {
  return (
    state !== "synced" &&
    state !== "missing" &&
    stores.some((one) => one.namespace === namespace && one.name === store && !one.ready)
  );
}
