import type { Capability } from "../access/operators/document.ts";
import type { Problem } from "../config/problems.ts";

/** What a Vault token must be allowed at one path; `path` without `/v1/`. */
export interface RequiredCapability {
  readonly path: string;
  readonly capabilities: readonly Capability[];
}

/** One problem for each path where `granted` (Vault's answer, path -> capabilities) is not enough. */
export function capabilityProblems(
  required: readonly RequiredCapability[],
  granted: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  return required.flatMap(({ path, capabilities }) => {
    const held = granted[path];
    const has = Array.isArray(held) ? held.map(String) : [];
    const missing = has.includes("root")
      ? []
      : capabilities.filter((capability) => !has.includes(capability));
    if (missing.length === 0) return [];
    return [
      {
        path: `Vault ${path}`,
        found: `a token without ${missing.join(", ")} (it has: ${has.join(", ") || "nothing"})`,
        allowed: capabilities.join(", "),
        fix: `add to the token's policy: path "${path}" { capabilities = [${capabilities.map((one) => `"${one}"`).join(", ")}] }`,
      },
    ];
  });
}
