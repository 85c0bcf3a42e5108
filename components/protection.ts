import type { Settings } from "../config/schema.ts";

/** The two resource options that keep something from being deleted. */
export interface Protection {
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
}

/**
 * How a resource is kept whose loss cannot be undone (mounts, audit devices, CRDs, namespaces): in production it is
 * protected, and retained when its declaration goes; in development it goes with the stack.
 */
export function protection(tier: Settings["tier"]): Protection {
  const production = tier === "production";
  return { protect: production, retainOnDelete: production };
}
