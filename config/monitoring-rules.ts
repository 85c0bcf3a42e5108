import { type Problem, pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";

/** Rules over the fields of `monitoring`, and over what it says of others. */
export function monitoringProblems(declared: Declaration): readonly Problem[] {
  const { vault, auditReaders } = declared.monitoring;
  return [
    ...ownNamespace(declared),
    ...twice(
      Object.entries(vault.nodes).map(([name, address]) => ({
        path: pathText(["monitoring", "vault", "nodes", name]),
        found: address,
        same: new URL(address).origin,
      })),
      "each node once: one that is counted twice hides another that is down",
    ),
    ...twice(
      auditReaders.map((address, index) => ({
        path: pathText(["monitoring", "auditReaders", index]),
        found: address,
        same: address.toLowerCase(),
      })),
      "each audit reader once: its requests would be counted twice",
    ),
  ];
}

function ownNamespace({
  monitoring: { exporter },
  externalSecrets,
  namespaces,
  rotation,
}: Declaration): readonly Problem[] {
  if (exporter === undefined) return [];
  const whose = [
    ...(Object.hasOwn(namespaces, exporter.namespace) ? ["is declared for workloads"] : []),
    ...(exporter.namespace === externalSecrets.namespace ? ["is the operator's"] : []),
    ...(exporter.namespace === rotation?.namespace ? ["is the rotators'"] : []),
  ];
  return whose.slice(0, 1).map((taken) => ({
    path: "monitoring.exporter.namespace",
    found: `${show(exporter.namespace)}, which ${taken}`,
    allowed: "a namespace of its own: whoever may start pods there can act as the exporter",
    fix: "leave it out, or name another, e.g. vault-monitoring",
  }));
}

interface Named {
  readonly path: string;
  readonly found: string;
  /** Equal for two that are one and the same. */
  readonly same: string;
}

function twice(all: readonly Named[], allowed: string): readonly Problem[] {
  return all.flatMap(({ path, found, same }, index) => {
    const twin = all.slice(0, index).find((other) => other.same === same);
    if (twin === undefined) return [];
    return [{ path, found: `${show(found)}, as at ${twin.path}`, allowed, fix: "remove one of the two" }];
  });
}
