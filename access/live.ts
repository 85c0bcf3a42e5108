import type { Login } from "./matrix.ts";
import { expectedAt, type Probe } from "./probes.ts";

/** Path -> capabilities, as Vault answers `sys/capabilities-accessor`. */
export type Capabilities = Readonly<Record<string, unknown>>;

/** What a login got, of Vault's own answer to it. */
export interface LoginAnswer {
  readonly policies: readonly string[];
  readonly ttlSeconds: number;
  readonly tokenType: string;
}

/** What every login's token must be. */
export interface ExpectedToken {
  readonly ttlSeconds: number;
  readonly tokenType: string;
}

/** Something about a login that is not as declared. */
export interface Difference {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  /** A request path; else `login`, `policies`, `token type` or `token TTL`. */
  readonly at: string;
  readonly kind: Probe["kind"] | "login";
  readonly expected: readonly string[];
  readonly found: readonly string[];
}

/** Every probe that Vault answers otherwise than declared; a path that the answer leaves out counts as differing. */
export function cellDifferences(
  login: Login,
  probes: readonly Probe[],
  answer: Capabilities,
): readonly Difference[] {
  return probes.flatMap((probe) => {
    const expected = expectedAt(login, probe);
    const held = answer[probe.path];
    const found = Array.isArray(held) ? held.map(String) : ["no answer"];
    return same(expected, found) ? [] : [difference(login, probe.path, probe.kind, expected, found)];
  });
}

/** What of the token itself is not as declared: policies that an identity adds, another life or type. */
export function tokenDifferences(
  login: Login,
  expected: ExpectedToken,
  found: LoginAnswer,
): readonly Difference[] {
  const facts = [
    ["policies", login.policies, found.policies],
    ["token type", [expected.tokenType], [found.tokenType]],
    ["token TTL", [`${expected.ttlSeconds} s`], [`${found.ttlSeconds} s`]],
  ] as const;
  return facts
    .filter(([, wanted, got]) => !same(wanted, got))
    .map(([at, wanted, got]) => difference(login, at, "login", wanted, got));
}

/** A login that does not succeed, although it is declared. */
export function refusedLogin(login: Login, why: string): Difference {
  return difference(login, "login", "login", ["accepted"], [why]);
}

function difference(
  { namespace, serviceAccount, role }: Login,
  at: string,
  kind: Difference["kind"],
  expected: readonly string[],
  found: readonly string[],
): Difference {
  return { namespace, serviceAccount, role, at, kind, expected, found };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join("\n") === b.toSorted().join("\n");
}
