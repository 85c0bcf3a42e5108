import {
  isEmpty,
  type ResourceRule,
  type ResourceView,
  type StackRule,
  texts,
  UNKNOWN,
  type Violation,
} from "./resource.ts";

const AUDIT = "vault:index/audit:Audit";

/** Resources that hold for a whole Vault cluster: a stack with one of them manages it. */
const CLUSTER_WIDE = new Set([
  AUDIT,
  "vault:index/raftAutopilot:RaftAutopilot",
  "vault:index/quotaRateLimit:QuotaRateLimit",
  "vault:index/quotaLeaseCount:QuotaLeaseCount",
]);

/** What Go's strconv.ParseBool takes for false, and absence. */
const FALSE = new Set(["", "0", "f", "F", "false", "FALSE", "False"]);

export const rawAudit: ResourceRule = {
  name: "raw-audit",
  description: "An audit device writes values as HMACs: log_raw is off.",
  options: {},
  check({ type, props: { options } }) {
    if (type !== AUDIT) return [];
    const raw = optionOf(options, "log_raw");
    if (raw === UNKNOWN || FALSE.has(String(raw ?? ""))) return [];
    return [{ found: "has log_raw on: every secret that is read stands in its log", fix: "remove log_raw" }];
  },
};

export const auditDevices: StackRule = {
  name: "audit-devices",
  description:
    "A stack that manages a Vault cluster has two audit devices or more, each on a file of its own.",
  check(resources, { cluster }) {
    const managed = cluster === "managed" || resources.some(({ type }) => CLUSTER_WIDE.has(type));
    if (!managed) return [];
    const devices = resources.filter(({ type }) => type === AUDIT);
    return [...tooFew(devices), ...sameFile(devices)];
  },
};

/** Vault answers nothing when no device can write; a file device named discard writes nothing by intention. */
function tooFew(devices: readonly ResourceView[]): readonly Violation[] {
  const writing = devices.filter((device) => fileOf(device) !== "discard");
  if (writing.length >= 2) return [];
  return [
    {
      found: `manages a Vault cluster with ${writing.length} audit device(s) that write`,
      fix: "declare two, on different disks or one of them stdout",
    },
  ];
}

function sameFile(devices: readonly ResourceView[]): readonly (Violation & { readonly urn: string })[] {
  const first = new Map<string, string>();
  return devices.flatMap((device) => {
    const file = fileOf(device);
    if (file === undefined) return [];
    const other = first.get(file);
    if (other === undefined) {
      first.set(file, device.name);
      return [];
    }
    const found = `writes to ${file}, as "${other}" does`;
    return [{ urn: device.urn, found, fix: "give each device a file of its own" }];
  });
}

function fileOf({ props: { type, options } }: ResourceView): string | undefined {
  const file = optionOf(options, "file_path") ?? optionOf(options, "path");
  return type === "file" && typeof file === "string" ? file : undefined;
}

function optionOf(options: unknown, name: string): unknown {
  return typeof options === "object" && options !== null
    ? (options as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const UNHASHED = new Set(["auditNonHmacRequestKeys", "auditNonHmacResponseKeys"]);

export const auditHmacKeys: ResourceRule<{ readonly allowedKeys: readonly string[] }> = {
  name: "audit-hmac-keys",
  description:
    "No key of a request or response stands in the audit log as it is, save those that are allowed.",
  options: {
    /** Keys that hold nothing secret. */
    allowedKeys: { default: [], schema: { type: "array", items: { type: "string" } } },
  },
  check({ type, props }, { allowedKeys }) {
    if (!type.startsWith("vault:")) return [];
    return unhashed(props).flatMap(([field, keys]) => {
      const refused = keys.filter((key) => !allowedKeys.includes(key));
      if (refused.length === 0) return [];
      const found = `has ${field} ${refused.join(", ")}`;
      return [{ found, fix: "remove it, or list a key that is never secret in the rule's allowedKeys" }];
    });
  },
};

/** On a mount the two fields stand at the top, on an auth method below `tune`, whose shape differs by type. */
function unhashed(value: unknown): readonly (readonly [string, readonly string[]])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    if (!UNHASHED.has(field)) return unhashed(inner);
    return isEmpty(inner) ? [] : [[field, texts(inner)] as const];
  });
}
