import type { Access } from "../../../audit/entry/access.ts";
import type { Settings } from "../../../config/schema.ts";
import { declaredPaths } from "../../secrets/declared.ts";
import type { Query } from "./query.ts";
import { esoNote, reaches, targetsOf } from "./targets.ts";

const WRITES = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** The parts of the KV v2 API that change a secret or its versions (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2). */
const KV_PARTS = ["data", "delete", "undelete", "destroy", "metadata"];

/** Paths of engines below which a credential or key is made anew, whatever the mount is called. */
const ENGINES: Readonly<Record<string, RegExp>> = {
  pki: /\/(?:issue|sign|sign-verbatim|root|intermediate|issuers|issuer|revoke)\//,
};
const ROTATE = /(?:^|\/)rotate(?:-role|-root)?(?:\/|$)/;

/** New versions and other changes of the stack's KV paths, rotations by engines, and the Kubernetes Secrets that changed after. */
export function rotationsQuery(settings: Settings): Query {
  const mounts = Object.keys(settings.vault.mounts);
  const declared = new Set(declaredPaths(settings).map(({ mount, path }) => `${mount} ${path}`));
  const slots = new Map(
    (settings.rotation?.keys ?? []).map(({ name, state: { mount, path } }) => [`${mount} ${path}`, name]),
  );
  const targets = targetsOf(settings);
  const parts = mounts.flatMap((mount) => KV_PARTS.map((part) => `${mount}/${part}/`));
  return {
    noun: "change",
    clauses: [[...WRITES].map((operation) => `"${operation}"`), [...parts, "rotate", '"pki"', '"secrets"']],
    keep: (access) => {
      if (!WRITES.has(access.operation)) return undefined;
      if (access.source === "kubernetes") {
        return reaches(access, targets) ? esoNote(access, settings) : undefined;
      }
      const key = keyIn(access.path, mounts);
      if (key !== undefined) return notesOn(key);
      return isEngineRotation(access) ? [] : undefined;
    },
  };

  function notesOn(key: string): readonly string[] {
    const rotation = slots.get(key);
    if (rotation !== undefined) return [`state of the rotation ${rotation}`];
    return declared.has(key) ? [] : ["not declared in this stack"];
  }
}

/** `<mount> <key>` of a path below one of the stack's KV mounts. */
function keyIn(path: string, mounts: readonly string[]): string | undefined {
  const mount = mounts.find((one) => path.startsWith(`${one}/`));
  if (mount === undefined) return undefined;
  const [part = "", ...key] = path.slice(mount.length + 1).split("/");
  return KV_PARTS.includes(part) && key.length > 0 ? `${mount} ${key.join("/")}` : undefined;
}

function isEngineRotation({ path, mountType }: Access): boolean {
  return ROTATE.test(path) || (ENGINES[mountType ?? ""]?.test(path) ?? false);
}
