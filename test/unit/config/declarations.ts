import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { ConfigError, type Problem } from "../../../config/problems.ts";
import { rawDeclaration } from "../../../config/stack-file.ts";

export type Raw = Record<string, unknown>;

/** A fresh copy of what a stack's own file declares. */
export function declared(stack: "dev" | "prod"): Raw {
  const name = `Pulumi.${stack}.yaml`;
  return rawDeclaration(readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8"), name) as Raw;
}

/** The stack's declaration with the value at `path` replaced, or removed when `value` is undefined. */
export function changed(path: readonly string[], value: unknown, stack: "dev" | "prod" = "dev"): Raw {
  const raw = declared(stack);
  let parent = raw;
  for (const key of path.slice(0, -1)) {
    parent[key] ??= {};
    parent = parent[key] as Raw;
  }
  const last = path.at(-1) ?? "";
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return raw;
}

/** One secret of the reference namespace, declared as `secret`. */
export function withSecret(secret: unknown): Raw {
  return changed(["namespaces", "llm", "services", "llm-gateway", "secrets", "openai-api-key"], secret);
}

/** Path of that secret in problems. */
export const secretPath = "namespaces.llm.services.llm-gateway.secrets.openai-api-key";

export function problemsIn(raw: unknown): readonly Problem[] {
  return problemsOfCall(() => parseSettings(raw, "Pulumi.test.yaml"));
}

export function problemsOfCall(call: () => unknown): readonly Problem[] {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** What is refused, the declaration, the one problem's path, and words of its `found`, `allowed` and `fix`. */
export type BadInput = readonly [string, unknown, string, RegExp, RegExp, RegExp];

/** One test for each: exactly this problem, with all its parts. */
export function expectRefused(cases: readonly BadInput[]): void {
  it.each(cases)("refuses %s", (_name, raw, path, found, allowed, fix) => {
    expect(problemsIn(raw)).toEqual([
      {
        path,
        found: expect.stringMatching(found),
        allowed: expect.stringMatching(allowed),
        fix: expect.stringMatching(fix),
      },
    ]);
  });
}
