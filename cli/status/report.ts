import type { Area, Finding, StatusDocument } from "./document.ts";
import { AREAS } from "./document.ts";
import { byUrgency, type Context } from "./findings/context.ts";
import { esoFindings, storeFindings } from "./findings/eso.ts";
import { alertFindings, incidentFindings, rotationFindings } from "./findings/others.ts";
import { authorityFindings, certificateFindings, secretFindings } from "./findings/secrets.ts";
import { auditFindings, vaultFindings } from "./findings/vault.ts";
import { authoritiesOf, certificatesOf } from "./judge/certificates.ts";
import { secretsOf } from "./judge/secrets.ts";
import { storesOf } from "./judge/stores.ts";
import type { Facts } from "./look.ts";
import { orNull } from "./seen.ts";

/** What is made of one look. Pure: the same facts at the same time give the same report. */
export function reportOf(facts: Facts, context: Context, begun: Date, now: Date): StatusDocument {
  const { settings } = context;
  const parts = partsOf(facts, context, now);
  const findings = findingsOf(facts, parts, context);
  const unseen = unseenOf(facts);
  return {
    environment: settings.environment,
    at: now.toISOString(),
    tookMs: now.getTime() - begun.getTime(),
    state: stateOf(facts, findings, unseen),
    findings,
    unseen,
    ...parts,
  };
}

type Parts = Omit<StatusDocument, "environment" | "at" | "tookMs" | "state" | "findings" | "unseen">;

function partsOf({ syncs, metadata, cluster, ...facts }: Facts, { settings }: Context, now: Date): Parts {
  const { operator, externalSecrets, warnings } = cluster;
  const secrets =
    "found" in externalSecrets
      ? secretsOf(syncs, { live: externalSecrets.found, metadata: metadata.known, warnings }, now)
      : null;
  return {
    vault: { nodes: facts.nodes, raft: orNull(facts.raft) },
    auditDevices: orNull(facts.audit),
    eso: orNull(operator),
    stores: "found" in cluster.stores ? storesOf(settings, cluster.stores.found, warnings) : null,
    secrets,
    rotations: orNull(facts.rotations),
    certificates: secrets === null ? null : certificatesOf(syncs, secrets, now),
    authorities: "found" in facts.authorities ? authoritiesOf(facts.authorities.found, now) : null,
    breakGlass: orNull(facts.incidents),
    alerts: facts.alerts === undefined ? null : orNull(facts.alerts),
  };
}

function findingsOf({ syncs, metadata }: Facts, parts: Parts, context: Context): readonly Finding[] {
  const { vault, auditDevices, eso, secrets, rotations, certificates, authorities, breakGlass, alerts } =
    parts;
  const stores = parts.stores ?? [];
  const seen: readonly Finding[] = [
    ...vaultFindings(vault.nodes, vault.raft, context),
    ...(auditDevices === null ? [] : auditFindings(auditDevices, context)),
    ...(eso === null ? [] : esoFindings(eso, context)),
    ...storeFindings(stores, secrets, context),
    ...(secrets === null
      ? []
      : secretFindings({ secrets, stores, syncs, metadata: metadata.known }, context)),
    ...rotationFindings(rotations ?? [], context),
    ...certificateFindings(certificates ?? [], context),
    ...authorityFindings(authorities ?? [], context),
    ...(breakGlass === null ? [] : incidentFindings(breakGlass, context)),
  ];
  return byUrgency([...seen, ...(alerts === null ? [] : alertFindings(alerts, seen, context))]);
}

/** What could not be seen, with all parts that one reason hides. */
function unseenOf(facts: Facts): StatusDocument["unseen"] {
  const { cluster, metadata, jobsUnseen } = facts;
  const why = (area: Area, one: object | undefined): readonly (readonly [Area, string])[] =>
    one !== undefined && "unseen" in one && typeof one.unseen === "string" ? [[area, one.unseen]] : [];
  const all = [
    ...why("raft", facts.raft),
    ...why("audit", facts.audit),
    ...why("eso", cluster.operator),
    ...why("stores", cluster.stores),
    ...why("secrets", cluster.externalSecrets),
    ...why("secrets", metadata),
    ...why("rotations", facts.rotations),
    ...why("rotations", { unseen: jobsUnseen }),
    ...why("certificates", facts.authorities),
    ...why("break-glass", facts.incidents),
    ...why("alerts", facts.alerts),
  ];
  return [...new Set(all.map(([, reason]) => reason))].map((reason) => {
    const hidden = all.filter(([, other]) => other === reason).map(([area]) => area);
    return { areas: AREAS.filter((area) => hidden.includes(area)), why: reason };
  });
}

function stateOf(
  { nodes, cluster }: Facts,
  findings: readonly Finding[],
  unseen: StatusDocument["unseen"],
): StatusDocument["state"] {
  const vaultSilent = nodes.every(({ state }) => state === "unreachable");
  const clusterSilent = [cluster.operator, cluster.stores, cluster.externalSecrets].every(
    (one) => "unseen" in one,
  );
  if (vaultSilent && clusterSilent) return "unseen";
  return findings.length > 0 || unseen.length > 0 ? "wrong" : "well";
}
