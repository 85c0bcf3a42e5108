import { plainTable, wrapped } from "../rotate/text.ts";
import type { Look, SeenSecret } from "./look.ts";
import { placeText } from "./places.ts";
import type { Plan } from "./plan.ts";
import { nameOf } from "./steps/secrets.ts";

/** What a person reads before typing the path: who loses what, what stops, what is destroyed, and what is not done. */
export function planText(plan: Plan, look: Look): string {
  return [
    `Break-glass: ${plan.target.apiPath}`,
    readersTable(plan, look),
    ...(plan.secrets.length === 0
      ? ["No Secret of the declaration holds it."]
      : [secretsTable(look.secrets)]),
    ...sentences(plan, look),
  ].join("\n");
}

function readersTable({ readers }: Plan, { readers: seen }: Look): string {
  if (readers.length === 0) return "No login of the declaration reads it.";
  const table = plainTable(["who is denied", "role in Vault", "for", "identities"]);
  for (const { namespace, serviceAccount, role, services } of readers) {
    const one =
      typeof seen === "string"
        ? undefined
        : seen.find((found) => found.namespace === namespace && found.serviceAccount === serviceAccount);
    const entities =
      one === undefined ? "?" : one.entities.length === 0 ? "never logged in" : String(one.entities.length);
    table.push([`${namespace}/${serviceAccount}`, role, services.join("\n"), entities]);
  }
  return table.toString();
}

function secretsTable(secrets: readonly SeenSecret[]): string {
  const table = plainTable(["Secret that is deleted", "ExternalSecret", "it also holds", "what will stop"]);
  for (const { held, workloads } of secrets) {
    table.push([nameOf(held), held.externalSecret, held.alsoHolds.join("\n") || "-", stopText(workloads)]);
  }
  return table.toString();
}

function stopText(workloads: SeenSecret["workloads"]): string {
  if (typeof workloads === "string") return wrapped(`not seen: ${workloads}`);
  if (workloads.length === 0) return "no pod takes it";
  return workloads.map(({ name, pods, how }) => `${name} (${pods} pod(s), ${how})`).join("\n");
}

function sentences(plan: Plan, look: Look): readonly string[] {
  const { provider, rotations, freeze, generated, secrets, destroyed, denied, target } = plan;
  const also = denied.filter((path) => path !== target.apiPath);
  const merged = secrets.filter(({ creationPolicy }) => creationPolicy === "Merge");
  return [
    ...(also.length === 0 ? [] : [`Also denied: ${also.join(", ")}.`]),
    ...(destroyed.length === 0
      ? [
          "Nothing is destroyed: an engine answers that request, and credentials that it gave out live to their end (vault lease revoke -prefix).",
        ]
      : [`Destroyed for good: ${versionsText(plan, look)}.`]),
    ...(secrets.length > 0
      ? [
          "Pods keep what they have read until they are restarted, and do not start again without their Secret.",
        ]
      : []),
    ...rotations.map(({ name, provider: issuer }) =>
      provider
        ? `Every key of ${name} is revoked at ${issuer}; its rotation stands still until a restore.`
        : `Keys of ${name} STAY VALID at ${issuer} (add --provider to revoke them); its rotation stands still until a restore.`,
    ),
    ...(provider && rotations.length === 0
      ? ["--provider: no rotation is declared for this path, so nobody can be asked. Revoke it by hand."]
      : []),
    ...freezeSentences(freeze),
    ...(generated
      ? [
          "Its value is generated and stands in the stack's state: raise its epoch before the next up, which would write it again.",
        ]
      : []),
    ...merged.map(
      (held) => `Secret ${nameOf(held)} was made by others (creationPolicy Merge): their keys go with it.`,
    ),
    ...(look.missingRights.length === 0
      ? []
      : [`NOT done for want of rights in Kubernetes: ${look.missingRights.join(", ")}.`]),
  ];
}

function versionsText({ destroyed }: Plan, { versions }: Look): string {
  return destroyed
    .map((place) => {
      const name = placeText(place);
      if (typeof versions === "string") return `every version of ${name}`;
      const standing = versions[name] ?? [];
      return standing.length === 0 ? `${name} (no version left)` : `${name} version ${standing.join(", ")}`;
    })
    .join("; ");
}

function freezeSentences(freeze: Plan["freeze"]): readonly string[] {
  if (freeze === undefined) return [];
  const { name, logins, paths, alsoHit } = freeze;
  if (logins.length > 0) {
    const who = logins.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`).join(", ");
    return [`Frozen as a whole: ${name} (${who}): none of its Secrets is refreshed.`];
  }
  return [
    `${name} shares its login: ${paths.length} path(s) of it are denied instead.` +
      (alsoHit.length === 0 ? "" : ` Also hit, since they read some of those: ${alsoHit.join(", ")}.`),
  ];
}
