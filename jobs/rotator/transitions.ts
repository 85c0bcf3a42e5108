import { generationOf, type ProviderKey } from "./providers/provider.ts";
import { digestOf, keyName, type RotationState, type StagedKey } from "./state.ts";
import type { Written } from "./vault.ts";

/** What one step makes of the state: pure, so that every run that comes to the same place does the same. */

type Key = Omit<RotationState["previous"][number], "revokeAfter">;
type HistoryEntry = RotationState["history"][number];

const HISTORY_LENGTH = 50;

export interface Live {
  readonly version: number;
  /** Of the value that consumers read; absent where there is none. */
  readonly digest?: string;
}

/** The intent to make a key, and what of the keys found at the provider is to be swept or kept. */
export function intended(
  state: RotationState,
  found: readonly ProviderKey[],
  live: Live,
  namePrefix: string,
  job: string | undefined,
): RotationState {
  const unnamed = found.filter(({ id }) => !namedIds(state).has(id));
  // Only where what is live is what this document thinks can nothing of what it does not name be in use.
  const trusted = state.phase === "creating" ? sameValue(state.basis, live) : knowsLive(state, live);
  const newest = Math.max(0, ...found.map(({ name }) => generationOf(namePrefix, name) ?? 0));
  const generation = state.phase === "creating" ? state.generation : state.generation + 1;
  const { staged: _, job: before, ...rest } = state;
  const owner = job ?? (state.phase === "creating" ? before : undefined);
  return {
    ...rest,
    ...(owner === undefined ? {} : { job: owner }),
    phase: "creating",
    generation: trusted ? generation : Math.max(generation, newest + 1),
    basis: live,
    previous: trusted ? state.previous : [...state.previous, ...unnamed],
    doomed: trusted ? [...state.doomed, ...unnamed] : state.doomed,
  };
}

/** The key is made, and what was doomed before is gone. */
export function staged(state: RotationState, { id, name, value }: StagedKey, at: string): RotationState {
  return {
    ...swept(state, at),
    phase: "staged",
    staged: { name, value, ...(id === undefined ? {} : { id }) },
  };
}

/** The provider does not take the staged key: whatever it was good for, nobody has it. */
export function refused(state: RotationState, at: string): RotationState {
  const { staged: key, basis: _, job: __, ...rest } = state;
  const doomed = key?.id === undefined ? [] : [{ name: key.name, id: key.id }];
  return {
    ...rest,
    phase: "idle",
    doomed: [...state.doomed, ...doomed],
    history: recorded(state, { at, what: "refused", name: key?.name ?? "unknown" }),
  };
}

/** The key was accepted; `live` is what its promotion is based on, unless that was written down before. */
export function promoting(state: RotationState, live: Live): RotationState {
  return { ...state, phase: "promoting", basis: state.basis ?? live };
}

/** The staged key stands in the live slot, in the version that was `written`. */
export function promoted(state: RotationState, written: Written, overlapSeconds: number): RotationState {
  const { staged: key, basis, current, ...rest } = state;
  if (key === undefined) throw new Error("no staged key to have been promoted");
  const revokeAfter = new Date(Date.parse(written.createdTime) + overlapSeconds * 1_000).toISOString();
  const before = [...retired(current, basis), ...state.previous.filter(isOpen)];
  // A key that was put back by hand since it was replaced is held by consumers anew.
  const waiting = state.previous.filter((one) => !isOpen(one) && !holds(basis, one));
  return {
    ...rest,
    phase: "promoted",
    current: {
      name: key.name,
      ...(key.id === undefined ? {} : { id: key.id }),
      digest: digestOf(key.value),
      version: written.version,
      promotedAt: written.createdTime,
    },
    previous: [...waiting, ...before.map((one) => ({ ...one, revokeAfter }))],
    history: recorded(state, {
      ...{ at: written.createdTime, what: "promoted", name: key.name },
      ...(state.job === undefined ? {} : { job: state.job }),
    }),
  };

  function isOpen(one: RotationState["previous"][number]): boolean {
    return one.revokeAfter === undefined;
  }

  function retired(last: RotationState["current"], stood: RotationState["basis"]): readonly Key[] {
    const known = last === undefined ? [] : [keyOf(last)];
    if (stood?.digest === undefined || last?.digest === stood.digest) return known;
    const putBack = state.previous.find((one) => holds(stood, one));
    return [...known, putBack === undefined ? { digest: stood.digest } : keyOf(putBack)];
  }
}

/** All consumers have the current key. */
export function settled(state: RotationState): RotationState {
  return { ...state, phase: "idle" };
}

/** A previous key is gone: revoked, or left to a person where nothing else is known. */
export function dropped(
  state: RotationState,
  key: RotationState["previous"][number],
  what: "revoked" | "left",
  at: string,
): RotationState {
  return {
    ...state,
    previous: state.previous.filter((one) => one !== key),
    history: recorded(state, { at, what, name: key.name ?? "unknown" }),
  };
}

export function doomed(state: RotationState, keys: readonly ProviderKey[]): RotationState {
  return { ...state, doomed: [...state.doomed, ...keys] };
}

export function swept(state: RotationState, at: string): RotationState {
  const entries = state.doomed.map(({ name }) => ({ at, what: "swept" as const, name }));
  return { ...state, doomed: [], history: recorded(state, ...entries) };
}

/** Previous keys whose overlap is over at `now`, by Vault's clock. */
export function due({ previous }: RotationState, now: Date): RotationState["previous"] {
  return previous.filter(
    ({ revokeAfter }) => revokeAfter !== undefined && Date.parse(revokeAfter) <= now.getTime(),
  );
}

/** Keys at the provider that the document does not name. */
export function unnamed(state: RotationState, found: readonly ProviderKey[]): readonly ProviderKey[] {
  const named = namedIds(state);
  return found.filter(({ id }) => !named.has(id));
}

/** Whether what is live is the key that was promoted last. */
export function knowsLive({ current }: RotationState, live: Live): boolean {
  return current?.digest !== undefined && current.digest === live.digest;
}

export function sameValue(basis: RotationState["basis"], live: Live): boolean {
  return basis !== undefined && basis.digest === live.digest;
}

export function nextName(namePrefix: string, { generation }: RotationState): string {
  return keyName(namePrefix, generation);
}

function namedIds({ staged: one, current, previous, doomed: condemned }: RotationState): ReadonlySet<string> {
  const ids = [one?.id, current?.id, ...previous.map(({ id }) => id), ...condemned.map(({ id }) => id)];
  return new Set(ids.filter((id) => id !== undefined));
}

function holds(basis: RotationState["basis"], { digest }: Key): boolean {
  return digest !== undefined && digest === basis?.digest;
}

function keyOf({ name, id, digest }: Key): Key {
  return {
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { id }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function recorded({ history }: RotationState, ...entries: readonly HistoryEntry[]): RotationState["history"] {
  return [...history, ...entries].slice(-HISTORY_LENGTH);
}
