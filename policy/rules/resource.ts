/** Stands in for a value that a preview does not know yet, or that is not to be looked at. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Properties = Readonly<Record<string, unknown>>;

/** A resource as a rule sees it: plain data, with {@link UNKNOWN} for each value that is not known. */
export interface ResourceView {
  readonly urn: string;
  /** E.g. `vault:index/policy:Policy`. */
  readonly type: string;
  /** The logical name. */
  readonly name: string;
  readonly props: Properties;
  readonly protect: boolean;
}

/** What holds for the whole stack. */
export interface StackView {
  readonly name: string;
  /** As this project's stack files declare it; absent in stacks of other projects. */
  readonly tier?: string;
  /** As above: `managed` when the stack owns the cluster-wide settings of Vault. */
  readonly cluster?: string;
  /** As above: the values that may be generated in production, `path#property`. */
  readonly generated?: readonly string[];
}

/** What is wrong with a resource, and what to do about it; neither ever holds a secret value. */
export interface Violation {
  readonly found: string;
  readonly fix: string;
}

interface Named {
  /** Lower-case words joined by `-`; what a pack's configuration calls the rule. */
  readonly name: string;
  /** What is refused, in one sentence. */
  readonly description: string;
}

/** What a rule lets a pack's configuration change: each option with its default and its JSON schema. */
type Options<Config> = {
  readonly [Key in keyof Config]: { readonly default: Config[Key]; readonly schema: Properties };
};

/** A rule that judges each resource for itself, before it is touched. */
export interface ResourceRule<Config extends object = object> extends Named {
  readonly options: Options<Config>;
  check(resource: ResourceView, config: Config, stack: StackView): readonly Violation[];
}

/** A rule that judges all resources together, once they are known; a violation names its resource, if it is one's. */
export interface StackRule extends Named {
  check(
    resources: readonly ResourceView[],
    stack: StackView,
  ): readonly (Violation & { readonly urn?: string })[];
}

/** The text that is shown: rule, resource, what was found and how to mend it. */
export function messageOf(rule: string, subject: string, { found, fix }: Violation): string {
  return `${rule}: ${subject} ${found}. Fix: ${fix}.`;
}

/** A resource in a message: type and logical name of its URN. */
export function subjectOf({ type, name }: Pick<ResourceView, "type" | "name">): string {
  return `${type} "${name}"`;
}

/** The types of a resource's parents: `urn:pulumi:<stack>::<project>::<grandparent>$<parent>$<type>::<name>`. */
export function parentTypes(urn: string): readonly string[] {
  return (urn.split("::")[2] ?? "").split("$").slice(0, -1);
}

/** The default of each of a rule's options. */
export function defaultsOf<Config extends object>({ options }: ResourceRule<Config>): Config {
  const entries = Object.entries<{ readonly default: unknown }>(options);
  return Object.fromEntries(entries.map(([name, option]) => [name, option.default])) as Config;
}

/** The texts of a list; those of its items that are not known, or are no texts, are left out. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** Whether nothing stands there: absent, or an empty text, list or map. What is not known is not empty. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The violation where the condition holds, else none. */
export function when(condition: boolean, violation: Violation): readonly Violation[] {
  return condition ? [violation] : [];
}
