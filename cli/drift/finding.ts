import type { Fields } from "../../resources/values.ts";

export type Server = "Vault" | "Kubernetes";

/** A resource as the program declares it, with the inputs that its provider would get. */
export interface Declared {
  /** Pulumi's type token. */
  readonly type: string;
  /** Its logical name. */
  readonly name: string;
  readonly inputs: Fields;
}

/** A field that is not as declared. Values are texts for a person, without anything secret; absent where there is none. */
export interface FieldDifference {
  readonly field: string;
  readonly declared?: string;
  readonly found?: string;
  /** Who holds the field, and since when, as far as the server knows. */
  readonly by?: string;
}

/** Something that is not as declared. */
export interface Finding {
  readonly server: Server;
  /** What it is and where it stands, e.g. `policy sys/policies/acl/team.llm.gateway` or `Role llm/external-secrets`. */
  readonly what: string;
  readonly drift: "missing" | "changed" | "undeclared";
  /** Those that differ, where it is `changed`. */
  readonly fields: readonly FieldDifference[];
  /** `<type> <logical name>` of the program's resource; absent where it has none. */
  readonly resource?: string;
}

/** Something that was not looked at. */
export interface Unseen {
  readonly what: string;
  readonly why: string;
  /** Whether it was tried: then nobody knows whether it has drifted. */
  readonly failed: boolean;
}

/** What one way of looking came to. */
export interface Looked {
  /** How many declared things were held against what is there, by server or engine. */
  readonly seen: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly unseen: readonly Unseen[];
}

export function together(parts: readonly Looked[]): Looked {
  const counts = new Map<string, number>();
  for (const [name, count] of parts.flatMap(({ seen }) => Object.entries(seen))) {
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return {
    seen: Object.fromEntries(counts),
    findings: parts.flatMap(({ findings }) => findings),
    unseen: parts.flatMap(({ unseen }) => unseen),
  };
}

/**
 * Both ways of looking as one. What both have found is said in the words of the direct one: it also knows who holds a field.
 */
export function merged(byEngine: Looked, direct: Looked): Looked {
  const known = new Set(direct.findings.map(({ resource }) => resource));
  const findings = byEngine.findings.filter(({ resource }) => !known.has(resource));
  return together([direct, { ...byEngine, findings }]);
}

export function resourceOf({ type, name }: Declared): string {
  return `${type} ${name}`;
}
