import { createHash } from "node:crypto";
import { z } from "zod";
import type { Incident } from "./memory.ts";

/**
 * The record of an incident: who did what when, with the ids under which Vault, Kubernetes and the provider have it in their
 * own logs. Each entry's digest covers the one before, and Vault's memory has the last: an edit shows. No value is in it.
 */

const text = z.string().min(1);
const time = z.iso.datetime();
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** A request as its server's log has it; `status` is null where no answer came. */
const request = z.strictObject({
  system: z.enum(["vault", "kubernetes", "provider"]),
  at: time,
  method: text,
  /** Vault: the API path. Kubernetes and providers: the URL without its query. */
  target: text,
  status: z.int().nullable(),
  /** Vault's request_id, Kubernetes' Audit-Id, the provider's x-request-id; null where the answer had none. */
  id: text.nullable(),
  /** Sent with requests to Vault, whose audit log has it also where an answer has no body to carry a request_id. */
  correlationId: text.optional(),
});

const facts = z.record(z.string(), z.unknown());

const entry = z.strictObject({
  at: time,
  step: text,
  event: z.enum(["begun", "ended"]),
  standing: z.enum(["done", "partly", "failed", "waiting"]).optional(),
  text: z.string().optional(),
  /** Of a run's first entry: who began it, and what it meant to do. */
  by: z
    .strictObject({
      vaultDisplayName: text,
      vaultEntity: z.string().nullable(),
      vaultPolicies: z.array(z.string()),
      /** null where the cluster was not there to say. */
      kubernetesUser: z.string().nullable(),
      host: text,
    })
    .optional(),
  plan: facts.optional(),
  /** What is not done, in words. */
  left: z.array(z.string()).optional(),
  before: facts.optional(),
  after: facts.optional(),
  requests: z.array(request).optional(),
  milliseconds: z.number().optional(),
  digest,
});

const head = z.strictObject({
  format: z.literal(1),
  environment: text,
  /** Vault's own name for the cluster. */
  vaultCluster: text,
  incident: text,
  path: text,
  apiPath: text,
  drill: z.boolean(),
  startedAt: time,
  /** What Vault had when this file began: noughts for a new incident, else the digest of another file. */
  continues: digest,
});

export const evidenceSchema = z.strictObject({ head, entries: z.array(entry) });

export type RequestRecord = Readonly<z.output<typeof request>>;
export type EvidenceHead = Readonly<z.output<typeof head>>;
export type Entry = Readonly<z.output<typeof entry>>;
export interface Evidence {
  readonly head: EvidenceHead;
  readonly entries: readonly Entry[];
}

/** The digest that the memory has while the record is as long as this. */
export function lastDigest({ head: first, entries }: Evidence): string {
  return entries.at(-1)?.digest ?? headDigest(first);
}

export function headDigest(first: EvidenceHead): string {
  return digestOf(first.continues, first);
}

/** The record with one more entry. */
export function appended(evidence: Evidence, fields: Omit<Entry, "digest">): Evidence {
  const one = { ...fields, digest: digestOf(lastDigest(evidence), fields) };
  return { head: evidence.head, entries: [...evidence.entries, one] };
}

/** What is wrong with the chain: the number of the first entry that is not as it was written, from 1; nothing if all are. */
export function firstEdited(evidence: Evidence): number | undefined {
  let before = headDigest(evidence.head);
  for (const [index, { digest: said, ...fields }] of evidence.entries.entries()) {
    if (said !== digestOf(before, fields)) return index + 1;
    before = said;
  }
  return undefined;
}

/** Whether the record was, at some time, what Vault's memory has the digest of. */
export function reaches(evidence: Evidence, known: string): boolean {
  const { continues } = evidence.head;
  return (
    continues === known ||
    headDigest(evidence.head) === known ||
    evidence.entries.some((one) => one.digest === known)
  );
}

/**
 * Holds a record against Vault's memory.
 * @throws Error that says what does not fit
 */
export function requireGenuine(
  evidence: Evidence,
  file: string,
  stack: { readonly environment: string; readonly vaultCluster: string },
  remembered: Pick<Incident, "id" | "evidence" | "ended"> | undefined,
): void {
  const { head: first } = evidence;
  if (first.environment !== stack.environment || first.vaultCluster !== stack.vaultCluster) {
    throw refused(
      file,
      `it is of ${first.environment} in the Vault cluster ${first.vaultCluster}, and this is ${stack.environment} in ${stack.vaultCluster}`,
      "name the right stack (--stack), or the right file",
    );
  }
  if (remembered === undefined) {
    throw refused(
      file,
      `Vault remembers no incident ${first.incident}`,
      "see which there are, by the command list",
    );
  }
  const edited = firstEdited(evidence);
  // A run that was cut off may have written more than it could tell Vault; one that ended has told all.
  const same = remembered.ended
    ? lastDigest(evidence) === remembered.evidence
    : reaches(evidence, remembered.evidence);
  if (edited !== undefined || first.incident !== remembered.id || !same) {
    const what =
      edited === undefined
        ? "it is not the record that Vault has the digest of"
        : `entry ${edited} was edited`;
    throw refused(
      file,
      what,
      "take the file as break-glass wrote it last, or move this one away and keep it: without one in this folder, a run and a " +
        "restore by the incident's id go on in a new file, which says what it goes on from",
    );
  }
}

function refused(file: string, what: string, fix: string): Error {
  return new Error(`${file} is refused: ${what}. Fix: ${fix}. Nothing was changed.`);
}

/** Keys in one order, so that a file that was only laid out anew is not an edited one. */
function digestOf(before: string, fields: unknown): string {
  return createHash("sha256").update(before).update(canonical(fields)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}
