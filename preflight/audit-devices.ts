import { ownerOf } from "../components/vault/ownership.ts";
import { type Problem, pathText, show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";

/** A device as `sys/audit` lists it, under its path with a slash at the end. */
interface ListedDevice {
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly options: Readonly<Record<string, unknown>>;
}

type DeviceSettings = Pick<Settings, "environment" | "tier" | "vault">;
type Device = readonly [string, Settings["vault"]["auditDevices"][string]];

/**
 * Audit devices that cannot become what is declared without a refusal of Vault's or a moment with no device. Vault has
 * no way to change a device: it is disabled and enabled anew, and a path or file that another one has is refused (tried
 * on 1.21.1, stdout included).
 * @param listed the answer of `sys/audit`
 */
export function auditDeviceProblems(
  settings: DeviceSettings,
  listed: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  if (settings.vault.cluster === "shared") return [];
  const existing = devicesIn(listed);
  const declared = Object.entries(settings.vault.auditDevices);
  return declared.flatMap((device) => [
    ...takenFile(device, existing),
    ...replacement(settings, device, existing),
  ]);
}

function takenFile([name, { filePath }]: Device, existing: readonly ListedDevice[]): readonly Problem[] {
  return existing
    .filter(({ path, options }) => path !== name && options.file_path === filePath)
    .map((other) => ({
      path: pathText(["vault", "auditDevices", name, "filePath"]),
      found: `${show(filePath)}, which the audit device ${other.path} writes on this Vault`,
      allowed: "a file that no other device writes: Vault refuses it, and one disk must not stop both",
      fix: "name another file; one that a removed device wrote is free in the update after its removal",
    }));
}

function replacement(
  { environment, tier }: DeviceSettings,
  [name, device]: Device,
  existing: readonly ListedDevice[],
): readonly Problem[] {
  const own = existing.find(({ path }) => path === name);
  if (own === undefined) return [];
  const path = pathText(["vault", "auditDevices", name]);
  if (ownerOf(own.description) !== environment) return [foreign(path, name, own)];
  if (own.type === device.type && own.options.file_path === device.filePath) return [];
  if (tier === "production") return [kept(path, name, own)];
  return existing.length > 1 ? [] : [last(path, name)];
}

function foreign(path: string, name: string, { description }: ListedDevice): Problem {
  return {
    path,
    found: `${name}, which exists already and is not this stack's (its description: ${show(description)})`,
    allowed: "a device that does not exist yet, or that this stack has made",
    fix: `choose another name here; the other one may stay beside it`,
  };
}

function kept(path: string, name: string, { options }: ListedDevice): Problem {
  return {
    path,
    found: `another file than ${show(options.file_path)}, which the device writes now; in production it is protected`,
    allowed: "new devices beside the old ones: what production has is kept until a person lets it go",
    fix: `declare the new file as a device of another name and update; then let ${name} go: pulumi state unprotect, remove it here, update, and vault audit disable ${name}`,
  };
}

function last(path: string, name: string): Problem {
  return {
    path,
    found: `a change of ${name}, the only audit device there is`,
    allowed: "a replacement while another device records",
    fix: "first update with the second device alone added, then change this one",
  };
}

function devicesIn(listed: Readonly<Record<string, unknown>>): readonly ListedDevice[] {
  return Object.entries(listed).flatMap(([path, entry]) => {
    if (typeof entry !== "object" || entry === null || !path.endsWith("/")) return [];
    const { type, description, options } = entry as Record<string, unknown>;
    return [
      {
        path: path.slice(0, -1),
        type: String(type ?? ""),
        description: String(description ?? ""),
        options: (options ?? {}) as Record<string, unknown>,
      },
    ];
  });
}
