import { type Problem, pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";
import { durationMs, durationText } from "./values.ts";

/** A certificate is renewed with a third of its life left, and told of with a quarter: a look has to fall between. */
export const LOOKS_IN_A_LIFE = 12;

/** Rules over the fields of `monitoring`, and over what it says of others. */
export function monitoringProblems(declared: Declaration): readonly Problem[] {
  const { vault, auditReaders } = declared.monitoring;
  return [
    ...ownNamespace(declared),
    ...tooSlow(declared),
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

/** Between a renewal that fails and the alert that is to tell of it lies a twelfth of a certificate's life. */
function tooSlow({ monitoring: { exporter, prometheusRules }, namespaces }: Declaration): readonly Problem[] {
  const services = Object.values(namespaces).flatMap((namespace) => Object.values(namespace.services));
  const lives = services
    .flatMap(({ certificates }) => Object.values(certificates))
    .map(({ ttl }) => durationMs(ttl));
  if (exporter === undefined || !prometheusRules || lives.length === 0) return [];
  const longest = Math.min(...lives) / LOOKS_IN_A_LIFE;
  if (durationMs(exporter.interval) <= longest) return [];
  return [
    {
      path: "monitoring.exporter.interval",
      found: `${show(exporter.interval)}, and a certificate that lives ${durationText(Math.min(...lives))}`,
      allowed: `${durationText(longest)} at most, a twelfth of that life: CertificateNearExpiry would fire too late, or for nothing`,
      fix: "look more often, or let certificates live longer",
    },
  ];
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
