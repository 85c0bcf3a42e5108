import { nearest } from "../../config/problems.ts";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";

/** @throws Error when the stack declares no rotation */
export function rotationOf({ rotation }: Pick<Settings, "rotation">, stack: string): RotationSettings {
  if (rotation !== undefined) return rotation;
  throw new Error(
    `Pulumi.${stack}.yaml declares no rotation, so no key changes by itself. Declare one under rotation.keys ` +
      "(docs/rotation.md), or name another stack with --stack",
  );
}

/**
 * The rotated key that an operator named.
 * @throws Error that says which is nearest and lists the declared ones
 */
export function findKey({ keys }: RotationSettings, name: string | undefined): RotationKey {
  const found = keys.find((key) => key.name === name);
  if (found !== undefined) return found;
  const names = keys.map((key) => key.name);
  if (name === undefined) throw new Error(`Which key? Declared: ${names.join(", ")}`);
  const near = nearest(name, names);
  throw new Error(
    `rotation.keys has no ${name}.${near === undefined ? "" : ` Is it ${near}?`} Declared: ${names.join(", ")}`,
  );
}
