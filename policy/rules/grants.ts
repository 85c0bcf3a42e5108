import { HclError, type HclItem, type HclObject, type HclValue, parseHcl } from "./hcl.ts";

/** One `path` block of a Vault policy. */
export interface Grant {
  /** Without a leading slash, as Vault takes it. */
  readonly path: string;
  /** Each once; `deny` stands alone. */
  readonly capabilities: readonly string[];
}

/** What the older `policy = "..."` of a block stands for (vault/policy.go). */
const LEGACY: Readonly<Record<string, readonly string[]>> = {
  deny: ["deny"],
  read: ["read", "list"],
  write: ["create", "read", "update", "delete", "list"],
  sudo: ["create", "read", "update", "delete", "list", "sudo"],
};

/**
 * Every block of a policy document, in HCL or JSON, in its order; a path that stands there twice is given twice.
 * @throws HclError when it is not a policy that Vault would take, or holds what this reader does not know
 */
export function grantsOf(document: string): readonly Grant[] {
  return parseHcl(document).items.flatMap((item) => {
    const [kind, ...path] = item.keys;
    if (kind === "name") return [];
    if (kind !== "path") throw new HclError("there is more at its top than path blocks");
    if (path.length > 0) return [grant(path, item.value)];
    return objectsOf(item.value).flatMap(({ items }) => items.map(({ keys, value }) => grant(keys, value)));
  });
}

function grant(keys: readonly string[], body: HclValue): Grant {
  const [path, ...more] = keys;
  if (path === undefined || more.length > 0) throw new HclError("a path block has not exactly one path");
  const items = objectsOf(body).flatMap((object) => object.items);
  const capabilities = [...new Set(items.flatMap(capabilitiesOf))];
  return {
    path: path.replace(/^\//, ""),
    capabilities: capabilities.includes("deny") ? ["deny"] : capabilities,
  };
}

function capabilitiesOf({ keys, value }: HclItem): readonly string[] {
  const words = typeof value === "string" ? [value] : Array.isArray(value) ? value.map(String) : [];
  if (keys.join(".") === "capabilities") return words;
  if (keys.join(".") !== "policy") return [];
  return words.flatMap((word) => {
    const capabilities = LEGACY[word];
    if (capabilities === undefined) throw new HclError("the policy of a path block is none that Vault knows");
    return capabilities;
  });
}

/** An object, or in JSON a list of them. */
function objectsOf(value: HclValue): readonly HclObject[] {
  if (typeof value === "string") throw new HclError("a path block has no body");
  if ("items" in value) return [value];
  return value.flatMap(objectsOf);
}
