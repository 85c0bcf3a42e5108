import { MEMORY } from "../access/operators/denial.ts";
import { type Problem, pathText, show } from "./problems.ts";
import { secretReads } from "./rotation-settings.ts";
import type { Declaration } from "./schema.ts";

/** What break-glass remembers is nobody's to read or to write but its own. */
export function breakGlassProblems(declared: Declaration): readonly Problem[] {
  const reads = secretReads(declared).map(({ namespace, service, name, path }) => ({
    at: pathText(["namespaces", namespace, "services", service, "secrets", name]),
    path,
  }));
  const admins = Object.entries(declared.rotation?.keys ?? {}).map(([name, { admin }]) => ({
    at: pathText(["rotation", "keys", name, "admin"]),
    path: admin?.key ?? "",
  }));
  return [...reads, ...admins]
    .filter(({ path }) => path.startsWith(MEMORY))
    .map(({ at, path }) => ({
      path: at,
      found: show(path),
      allowed: `paths that do not begin with ${MEMORY}, where break-glass keeps what it has done`,
      fix: `move it to another path, e.g. ${path.replace(MEMORY, "")}`,
    }));
}
