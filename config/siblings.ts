import { databaseCollisions, databaseMountsIn } from "./databases-siblings.ts";
import { type Problem, pathText, show } from "./problems.ts";
import { asMap } from "./raw.ts";
import { rotationCollisions } from "./rotation-siblings.ts";
import { within } from "./rules.ts";
import type { Settings } from "./schema.ts";

/**
 * What `settings` and another stack's raw declaration both claim, on one Vault or at a provider. The other file is read leniently:
 * its own mistakes are reported where it is deployed.
 */
export function stackCollisions(
  settings: Settings,
  otherName: string,
  other: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const elsewhere = [
    ...rotationCollisions(settings, otherName, other),
    ...databaseCollisions(settings, otherName, other),
  ];
  const vault = at(other, "vault");
  if (!sameServer(at(vault, "address"), settings.vault.address)) return elsewhere;
  const otherMounts = [...Object.keys(asMap(at(vault, "mounts"))), ...databaseMountsIn(other)];
  const otherAuth = at(vault, "auth");
  return [
    ...elsewhere,
    ...[
      ...Object.keys(settings.vault.mounts).map((mount) => ({ mount, path: ["vault", "mounts", mount] })),
      ...settings.databases.map(({ name, mount }) => ({ mount, path: ["databases", name, "mount"] })),
    ]
      .filter(({ mount }) => otherMounts.some((other) => overlap(mount, other)))
      .map(({ mount, path }) => collision(path, mount, otherName, "a mount")),
    ...(overlap(settings.vault.auth.mount, String(at(otherAuth, "mount") ?? "kubernetes"))
      ? [collision(["vault", "auth", "mount"], settings.vault.auth.mount, otherName, "an auth mount")]
      : []),
    ...(settings.vault.auth.rolePrefix === at(otherAuth, "rolePrefix")
      ? [
          collision(
            ["vault", "auth", "rolePrefix"],
            settings.vault.auth.rolePrefix,
            otherName,
            "a role prefix",
          ),
        ]
      : []),
    ...(settings.vault.cluster === "managed" && at(vault, "cluster") === "managed"
      ? [collision(["vault", "cluster"], "managed", otherName, "the cluster's management")]
      : []),
  ];
}

function sameServer(address: unknown, own: string): boolean {
  return (
    typeof address === "string" && URL.canParse(address) && new URL(address).origin === new URL(own).origin
  );
}

function overlap(mount: string, other: string): boolean {
  return within(mount, other) || within(other, mount);
}

function collision(path: readonly string[], value: string, otherName: string, what: string): Problem {
  return {
    path: pathText(path),
    found: `${show(value)}, which ${otherName} declares, or overlaps, for the same Vault`,
    allowed: `${what} that no other stack of this Vault has`,
    fix: "change it in one of the two files",
  };
}

function at(value: unknown, key: string): unknown {
  return asMap(value)[key];
}
