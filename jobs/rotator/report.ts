import { z } from "zod";
import type { Failure } from "./errors.ts";
import type { Command } from "./rotation.ts";
import { type RotationState, rotationState } from "./state.ts";

/**
 * What the state slot's custom metadata says of a rotation: names, numbers and times, for people who may read no value. Each
 * run writes it when it ends, and it names the version of the state that it tells of: where that is not the newest, a run is
 * under way or was cut off. No rotation depends on it.
 */

const { shape } = rotationState;
const text = z.string().min(1);

const failure = z.strictObject({ at: text, failure: text, text });

const overview = z.strictObject({
  version: z.int().min(1),
  generation: shape.generation,
  phase: shape.phase,
  job: text.optional(),
  staged: text.optional(),
  doomed: z.int().min(0),
});

const current = z.strictObject({ name: text.optional(), version: z.int().min(1), promotedAt: text });
const previous = z.strictObject({
  name: text.optional(),
  revokeAfter: text.optional(),
  /** The rotator does not know it by an id: a person archives it at the provider. */
  byHand: z.literal(true).optional(),
});

export interface RotationReport extends z.output<typeof overview> {
  readonly current?: z.output<typeof current>;
  /** Keys whose overlap runs, the newest four. */
  readonly previous: readonly z.output<typeof previous>[];
  /** The newest last. */
  readonly history: RotationState["history"];
  /** What each command's last run ended with, where that was no success. */
  readonly failures: Readonly<Partial<Record<Command, z.output<typeof failure>>>>;
}

/** Custom metadata as it is patched: null removes a name. */
export type MetadataPatch = Readonly<Record<string, string | null>>;

/** Of a name in custom metadata; Vault takes 64 names of values up to 512 bytes. */
const LONGEST_BYTES = 512;
const MOST = { previous: 4, history: 40 } as const;

/** @param version of the state slot that the state stands in */
export function reportOf(state: RotationState, version: number): MetadataPatch {
  const { generation, phase, job, staged, doomed, current: key } = state;
  return {
    state: JSON.stringify({ version, generation, phase, job, staged: staged?.name, doomed: doomed.length }),
    current:
      key === undefined
        ? null
        : JSON.stringify({ name: key.name, version: key.version, promotedAt: key.promotedAt }),
    ...numbered(
      "previous",
      state.previous.map(({ name, revokeAfter, id }) => ({
        ...{ name, revokeAfter },
        ...(id === undefined ? { byHand: true } : {}),
      })),
    ),
    ...numbered("history", state.history),
  };
}

/** How a command's run ended: well, where nothing is said of a failure. Nothing of its text may be secret. */
export function outcomeOf(
  command: Command,
  at: Date,
  failed?: { readonly failure: Failure; readonly text: string },
): MetadataPatch {
  if (failed === undefined) return { [`failure-${command}`]: null };
  return { [`failure-${command}`]: fitting({ at: at.toISOString(), ...failed }) };
}

function fitting<T extends { readonly text: string }>(said: T): string {
  const json = JSON.stringify(said);
  return Buffer.byteLength(json) <= LONGEST_BYTES ? json : fitting({ ...said, text: said.text.slice(0, -1) });
}

/** @returns `undefined` where no run has reported yet, or the metadata is none of a rotator's */
export function readReport(metadata: Readonly<Record<string, unknown>>): RotationReport | undefined {
  const said = parsed(overview, metadata.state);
  if (said === undefined) return undefined;
  const key = parsed(current, metadata.current);
  const failures = (["rotate", "finish"] as const).flatMap((command) => {
    const found = parsed(failure, metadata[`failure-${command}`]);
    return found === undefined ? [] : [[command, found] as const];
  });
  return {
    ...said,
    ...(key === undefined ? {} : { current: key }),
    previous: list(previous, "previous", metadata),
    history: list(shape.history.element, "history", metadata),
    failures: Object.fromEntries(failures),
  };
}

/** The newest items, and no item under the other names. */
function numbered(name: keyof typeof MOST, items: readonly unknown[]): MetadataPatch {
  const newest = items.slice(-MOST[name]);
  return Object.fromEntries(
    names(name).map((one, index) => [one, index < newest.length ? JSON.stringify(newest[index]) : null]),
  );
}

function list<T extends z.ZodType>(
  schema: T,
  name: keyof typeof MOST,
  metadata: Readonly<Record<string, unknown>>,
) {
  return names(name).flatMap((one) => parsed(schema, metadata[one]) ?? []);
}

function names(name: keyof typeof MOST): readonly string[] {
  return Array.from({ length: MOST[name] }, (_, index) => `${name}-${String(index + 1).padStart(2, "0")}`);
}

function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return schema.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined; // somebody wrote other metadata there
  }
}
