import type { DeclaredSync } from "../../../freshness/declared.ts";
import type { SecretState } from "../../../freshness/kv-metadata.ts";
import { putCommand } from "../../secrets/put-command.ts";
import type { Authority, Certificate, Finding, Secret, Store } from "../document.ts";
import { emptyPaths } from "../judge/secrets.ts";
import { type Context, kubectl, npmRun, npmRunInCluster, runbook } from "./context.ts";
import { hindered } from "./eso.ts";

export interface SecretFacts {
  readonly secrets: readonly Secret[];
  /** Those that are known; what reads through one that is not ready is told of with it. */
  readonly stores: readonly Store[];
  readonly syncs: readonly DeclaredSync[];
  readonly metadata: ReadonlyMap<string, SecretState>;
}

/**
 * ExternalSecrets with which something is wrong. Critical: there is no value at all, or one that may have been replaced or
 * revoked long ago.
 */
export function secretFindings(facts: SecretFacts, context: Context): readonly Finding[] {
  const wrong = facts.secrets.filter(
    (one) => one.state !== "synced" && one.state !== "waiting" && !hindered(one, facts.stores),
  );
  return wrong.map((one) => secretFinding(one, facts, context));
}

const ALERTS = { failing: "SecretSyncFailing", lagging: "SecretSyncLagging" } as const;

function secretFinding(secret: Secret, facts: SecretFacts, context: Context): Finding {
  const { namespace, name, state, reason, since, lastSync } = secret;
  const subject = `${namespace}/${name}`;
  const alert = state === "failing" || state === "lagging" ? ALERTS[state] : "SecretSyncStale";
  return {
    area: "secrets",
    severity: lastSync === null || state === "stale" ? "critical" : "warning",
    subject,
    text: `ExternalSecret ${subject} is ${state}: ${reason}`,
    since,
    next: nextFor(secret, facts, context),
    runbook: runbook(context, alert),
  };
}

function nextFor(
  { namespace, name, state }: Secret,
  { syncs, metadata }: SecretFacts,
  context: Context,
): readonly string[] {
  if (state === "missing") return [`pulumi up -s ${context.stack}`];
  if (state === "stale" || state === "lagging") return [npmRunInCluster(context, "drift", "--nudge")];
  const sync = syncs.find((one) => one.namespace === namespace && one.externalSecret === name);
  const empty = sync === undefined ? [] : emptyPaths(sync, metadata);
  if (empty.length > 0) return empty.map(({ path }) => putCommand(path, context.stack));
  return [kubectl(context, "-n", namespace, "describe", `externalsecret/${name}`)];
}

/** Certificates that should have been issued anew, and those that ended meanwhile. */
export function certificateFindings(
  certificates: readonly Certificate[],
  context: Context,
): readonly Finding[] {
  return certificates
    .filter(({ state }) => state === "near expiry" || state === "expired")
    .map(({ namespace, name, expires, state }) => ({
      area: "certificates" as const,
      severity: "critical" as const,
      subject: `${namespace}/${name}`,
      text: `certificate ${namespace}/${name} ${state === "expired" ? "has ended" : "ends"} ${expires}: it should have been issued anew`,
      since: null,
      next: [kubectl(context, "-n", namespace, "describe", `externalsecret/${name}`)],
      runbook: runbook(context, "CertificateNearExpiry"),
    }));
}

/** CAs whose end would stop every renewal below them. */
export function authorityFindings(authorities: readonly Authority[], context: Context): readonly Finding[] {
  return authorities
    .filter(({ state }) => state !== "good")
    .map(({ part, mount, issuer, expires, state }) => ({
      area: "certificates" as const,
      severity: state === "near expiry" ? ("warning" as const) : ("critical" as const),
      subject: `${mount}/${issuer}`,
      text:
        `CA ${mount}/${issuer} ${state === "expired" ? "has ended" : "ends"} ${expires}: with less of it left than a ` +
        "certificate is to live, none is issued",
      since: null,
      next: [
        part === "root"
          ? "raise pki.root.generation and pki.intermediate.generation by one"
          : "raise pki.intermediate.generation by one",
        npmRun(context, "bootstrap", "apply"),
        `pulumi up -s ${context.stack}`,
      ],
      runbook: runbook(context, "CertificateAuthorityNearExpiry"),
    }));
}
