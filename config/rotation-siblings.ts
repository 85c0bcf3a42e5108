import { type Problem, pathText, show } from "./problems.ts";
import { asMap } from "./raw.ts";
import type { Settings } from "./schema.ts";

/**
 * Names at a provider that another stack's raw declaration claims as well, whatever Vault it is on: each rotator would sweep
 * the other's keys as its own leftovers. Paths in Vault cannot be claimed twice, since stacks share no mount.
 */
export function rotationCollisions(
  settings: Settings,
  otherName: string,
  other: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const keys = settings.rotation?.keys ?? [];
  const rotation = asMap(other.rotation);
  const claimed = Object.entries(asMap(rotation.keys)).map(([name, key]) => {
    const { provider, project, name: prefix } = asMap(key);
    return `${provider} ${project ?? ""} ${prefix}-${other.environment}-${name}`;
  });
  return keys
    .filter(({ provider, project, namePrefix }) =>
      claimed.includes(`${provider} ${project ?? ""} ${namePrefix}`),
    )
    .map(({ name, namePrefix }) => ({
      path: pathText(["rotation", "keys", name, "name"]),
      found: `${show(namePrefix)} at the provider, which ${otherName} declares as well`,
      allowed:
        "names <name>-<environment>-<key> that no other stack has: the rotator sweeps what else carries its own",
      fix: "change name, or environment, in one of the two files",
    }));
}
