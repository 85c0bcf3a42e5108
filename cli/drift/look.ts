import { KubernetesUnreachableError } from "../../clients/kubernetes.ts";
import { VaultError, VaultUnreachableError } from "../../clients/vault.ts";
import { inParallel } from "../in-parallel.ts";
import type { Declared, Finding, Looked, Server, Unseen } from "./finding.ts";

/** Requests at a time to one server. */
const AT_ONCE = 8;

/** What looking at one thing came to. A text says why there is nothing to look at. */
export type Outcome = readonly Finding[] | { readonly notLookedAt: string };

export interface LookOptions<T> {
  readonly server: Server;
  readonly what: (item: T) => string;
  readonly look: (item: T) => Promise<Outcome>;
  /** Told after each one. */
  readonly report: (line: string) => void;
}

/**
 * Looks at one thing after the other. What one refuses does not keep the others from being looked at; a server that is
 * away is not asked again, and said once.
 */
export async function lookAtAll<T>(items: readonly T[], options: LookOptions<T>): Promise<Looked> {
  const { server, what, look, report } = options;
  let away: string | undefined;
  let done = 0;
  const outcomes = await inParallel(items, AT_ONCE, async (item): Promise<Outcome | Unseen | undefined> => {
    if (away !== undefined) return undefined;
    try {
      return await look(item);
    } catch (error) {
      if (isAway(error)) {
        away ??= (error as Error).message;
        return undefined;
      }
      return { what: what(item), why: messageOf(error), failed: true };
    } finally {
      done += 1;
      report(`${done} of ${items.length} in ${server}`);
    }
  });
  const findings = outcomes.filter((one) => Array.isArray(one)).flat() as readonly Finding[];
  const unseen = outcomes.flatMap((one, index): readonly Unseen[] => unseenOf(one, what(items[index] as T)));
  const unasked = outcomes.filter((one) => one === undefined).length;
  return {
    seen: { [server]: items.length - unseen.length - unasked },
    findings,
    unseen: [
      ...(away === undefined
        ? []
        : [{ what: `${server}: ${unasked} of ${items.length}`, why: away, failed: true }]),
      ...unseen,
    ],
  };
}

function unseenOf(outcome: Outcome | Unseen | undefined, what: string): readonly Unseen[] {
  if (outcome === undefined || Array.isArray(outcome)) return [];
  if ("notLookedAt" in outcome) return [{ what, why: outcome.notLookedAt, failed: false }];
  return [outcome as Unseen];
}

/** No answer at all, or that of a Vault which serves nobody now. */
function isAway(error: unknown): boolean {
  if (error instanceof VaultUnreachableError || error instanceof KubernetesUnreachableError) return true;
  if (!(error instanceof VaultError) || !error.passing) return false;
  // A 500 may be about this one path.
  return error.status !== 500 || error.errors.some((text) => /active (cluster )?node|leader/.test(text));
}

/** Vault writes lists of errors over several lines. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}

/** Items of one server: the others' types begin with another provider's name. */
export function ofProvider(declared: readonly Declared[], provider: string): readonly Declared[] {
  return declared.filter(({ type }) => type.startsWith(`${provider}:`));
}
