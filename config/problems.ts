import type { z } from "zod";

/** One thing wrong with a stack's declaration, in the four parts every message has. */
export interface Problem {
  /** Where in the stack file, e.g. `namespaces.llm.store.name`. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
  readonly fix: string;
}

/** Thrown once for a declaration, with every problem found in it. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(source: string, problems: readonly Problem[]) {
    super(`${source}: ${problems.length} problem(s), nothing was changed\n${problems.map(line).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

function line(problem: Problem): string {
  return `  ${problem.path}\n    found:   ${problem.found}\n    allowed: ${problem.allowed}\n    fix:     ${problem.fix}`;
}

/** What a custom rule says about a value: the parts of a {@link Problem} that the schema cannot know. */
export interface Rule {
  /** Stands in for the value, where that must not be shown. */
  readonly found?: string;
  readonly allowed: string;
  readonly fix: string;
}

/** Turns the issues of a zod parse into problems; `input` is what was parsed, for the `found` of each. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown): readonly Problem[] {
  return issues.map((issue) => {
    const rule = ruleOf(issue);
    return {
      path: pathText(issue.path),
      found: rule.found ?? foundText(issue, input),
      allowed: rule.allowed,
      fix: rule.fix,
    };
  });
}

function foundText(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") return `unknown key(s) ${issue.keys.join(", ")}`;
  if (issue.code === "invalid_key") return `the name ${show(issue.path.at(-1))}`;
  return show(valueAt(input, issue.path));
}

/** The dotted path of a field; keys that hold a dot or slash are quoted so that the path stays readable. */
export function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(the whole declaration)";
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      const text = /^[\w-]+$/.test(String(part)) ? String(part) : `"${String(part)}"`;
      return index === 0 ? text : `.${text}`;
    })
    .join("");
}

/** A value as it stands in a message: short, never more than a line, without a private key or a password in a URL. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value) ?? String(value);
  if (json.includes("PRIVATE KEY")) return "a private key (not shown)";
  const text = json.replace(/:\/\/[^/@\s"]*@/g, "://***@");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function ruleOf(issue: z.core.$ZodIssue): Rule {
  if (issue.code === "custom" && isRule(issue.params)) return issue.params;
  if (issue.code === "unrecognized_keys") return unknownKeys(issue);
  if (issue.code === "invalid_key") return ruleOf(issue.issues[0] ?? { ...issue, code: "custom", path: [] });
  if (issue.code === "invalid_type") {
    return { allowed: typeText(issue.expected), fix: `write ${typeText(issue.expected)} here` };
  }
  if (issue.code === "invalid_value") {
    const values = issue.values.map((value) => String(value)).join(" | ");
    return { allowed: values, fix: `use one of: ${values}` };
  }
  return { allowed: issue.message, fix: "change the value to fit" };
}

function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys): Rule {
  const known = issue.message.split(", ");
  const hints = issue.keys.map((key) => {
    const near = nearest(key, known);
    return near ? `rename ${key} to ${near}` : `remove ${key}`;
  });
  return { allowed: issue.message, fix: hints.join("; ") };
}

function isRule(params: unknown): params is Rule & Record<string, unknown> {
  return typeof params === "object" && params !== null && "allowed" in params && "fix" in params;
}

function typeText(expected: string): string {
  const texts: Readonly<Record<string, string>> = {
    object: "a map of fields",
    record: "a map of names to values",
    array: "a list",
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return texts[expected] ?? expected;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

/** The known key at most two edits away from `key`, if there is one. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const scored = known
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= 2);
  return scored.sort((a, b) => a.distance - b.distance)[0]?.name;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
