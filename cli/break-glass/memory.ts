import { z } from "zod";
import type { Kept } from "./groups.ts";

/**
 * What Vault remembers of incidents: one document, written with check-and-set. It is the lock against a second break-glass at
 * the same time, what a run that was cut off goes on from, and what an evidence file is held against. No value is in it.
 */

const text = z.string().min(1);
const time = z.iso.datetime();
const number = z.int().min(0);

export const STANDINGS = ["done", "partly", "failed", "waiting"] as const;

const incident = z.strictObject({
  id: text,
  /** The path as people name it. */
  name: text,
  /** What is denied first and foremost; an open incident of the same path is joined. */
  apiPath: text,
  kv: z.strictObject({ mount: text, path: text }).optional(),
  drill: z.boolean(),
  openedAt: time,
  openedBy: text,
  /** Run that claimed it last, and when it last wrote here. */
  run: text,
  seenAt: time,
  /** That run has ended, whatever it came to. */
  ended: z.boolean(),
  provider: z.boolean(),
  freeze: text.optional(),
  /** Secret -> newest version that is destroyed, or was to be: a restore needs a newer one, which no later run touches. */
  lastVersions: z.record(z.string(), number),
  /** Which of the denying groups, and what it denies for this incident to whom (entities). */
  denial: z.strictObject({ group: number, paths: z.array(text), members: z.array(text) }).optional(),
  /** Entities that this incident turned off. */
  frozen: z.array(text),
  steps: z.record(z.string(), z.enum(STANDINGS)),
  /** Of the evidence as far as it was recorded here. */
  evidence: z.string().regex(/^[0-9a-f]{64}$/),
  closedAt: time.optional(),
  closedBy: text.optional(),
});

export const memorySchema = z.strictObject({ format: z.literal(1), incidents: z.array(incident) });

export type Incident = Readonly<z.output<typeof incident>>;
export type Memory = { readonly format: 1; readonly incidents: readonly Incident[] };
export type Standing = (typeof STANDINGS)[number];

export const emptyMemory: Memory = { format: 1, incidents: [] };

/** After this long without a word a run counts as cut off, for those who are at work on another path. */
export const SILENCE_MS = 60_000;

/** Closed ones that are kept for the list. */
const MOST_CLOSED = 20;

export type NewIncident = Pick<
  Incident,
  "name" | "apiPath" | "kv" | "drill" | "openedBy" | "run" | "provider" | "freeze"
>;

/** Before anything was recorded. */
const NO_EVIDENCE = "0".repeat(64);

/** The incident that a revocation of this path goes on with, where one is open. */
export function openIncidentOf({ incidents }: Memory, apiPath: string): Incident | undefined {
  return incidents.find((one) => one.apiPath === apiPath && one.closedAt === undefined);
}

/** Incidents that somebody has to restore some day; drills are none. */
export function openCount({ incidents }: Memory): number {
  return incidents.filter(({ closedAt, drill }) => closedAt === undefined && !drill).length;
}

/** A run on another path that may still be at work. */
export function othersAtWork({ incidents }: Memory, apiPath: string, now: Date): Incident | undefined {
  return incidents.find(
    (one) =>
      one.apiPath !== apiPath &&
      one.closedAt === undefined &&
      !one.ended &&
      now.getTime() - Date.parse(one.seenAt) < SILENCE_MS,
  );
}

/** A new incident, or the open one of the same path, as this run's own. A later run may ask for more, never for less. */
export function claimed(
  memory: Memory,
  wanted: NewIncident,
  now: Date,
): { memory: Memory; incident: Incident } {
  const open = openIncidentOf(memory, wanted.apiPath);
  const at = now.toISOString();
  const mine: Incident =
    open === undefined
      ? {
          ...wanted,
          ...{ id: newId(memory, now), openedAt: at, seenAt: at, ended: false },
          ...{ frozen: [], steps: {}, lastVersions: {}, evidence: NO_EVIDENCE },
        }
      : {
          ...open,
          ...{ run: wanted.run, seenAt: at, ended: false, provider: open.provider || wanted.provider },
          ...(wanted.freeze === undefined ? {} : { freeze: wanted.freeze }),
        };
  return { memory: replaced(memory, mine), incident: mine };
}

/** The document with this incident as it is now; the oldest closed ones go. */
export function replaced({ incidents }: Memory, one: Incident): Memory {
  const others = incidents.filter(({ id }) => id !== one.id);
  const all = [...others, one].toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : 1));
  const closed = all.filter(({ closedAt }) => closedAt !== undefined);
  const dropped = new Set(closed.slice(0, Math.max(0, closed.length - MOST_CLOSED)).map(({ id }) => id));
  return { format: 1, incidents: all.filter(({ id }) => !dropped.has(id)) };
}

/** What other open incidents need of a denying group. */
export function keptDenials({ incidents }: Memory, without: string, group: number): Kept {
  const others = incidents.flatMap(({ id, closedAt, denial }) =>
    id !== without && closedAt === undefined && denial?.group === group ? [denial] : [],
  );
  return {
    paths: others.flatMap(({ paths }) => paths),
    members: others.flatMap(({ members }) => members),
  };
}

/** Entities that other open incidents have turned off as well. */
export function keptFrozen({ incidents }: Memory, without: string): readonly string[] {
  return incidents
    .filter(({ id, closedAt }) => id !== without && closedAt === undefined)
    .flatMap(({ frozen }) => frozen);
}

/** To be read aloud: when it began, to the second. */
function newId({ incidents }: Memory, now: Date): string {
  const base = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  const taken = (id: string) => incidents.some((one) => one.id === id);
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken(id)) return id;
  }
}
