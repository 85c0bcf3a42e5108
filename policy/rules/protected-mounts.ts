import type { ResourceRule } from "./resource.ts";

/** Secret engines and auth methods where they are mounted, and audit devices. */
const MOUNT = /^vault:.*:(\w*Mount|\w*Backend|Audit)$/;

export const protectedMounts: ResourceRule<{ readonly productionStacks: readonly string[] }> = {
  name: "protected-mounts",
  description:
    "In production every mount and audit device of Vault is protected: with a mount go all its secrets.",
  options: {
    /** Names of stacks that are production, whatever tier their file declares. */
    productionStacks: { default: ["prod"], schema: { type: "array", items: { type: "string" } } },
  },
  check({ type, protect }, { productionStacks }, { name, tier }) {
    const production = tier === "production" || productionStacks.includes(name);
    if (!production || protect || !MOUNT.test(type)) return [];
    return [
      {
        found: `is not protected in the production stack ${name}`,
        fix: "set the resource option protect: true",
      },
    ];
  },
};
