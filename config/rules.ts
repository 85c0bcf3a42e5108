import { OPERATOR_PREFIX } from "../access/operators/names.ts";
import { breakGlassProblems } from "./break-glass-rules.ts";
import { databaseMounts } from "./databases-ownership.ts";
import { databaseProblems } from "./databases-rules.ts";
import { generatedProblems } from "./generated-rules.ts";
import { monitoringProblems } from "./monitoring-rules.ts";
import { namespaceProblems } from "./namespace-rules.ts";
import { operatorProblems } from "./operators.ts";
import { pkiMounts, pkiProblems } from "./pki-rules.ts";
import type { Problem } from "./problems.ts";
import { pathText, show } from "./problems.ts";
import { rotationProblems } from "./rotation-rules.ts";
import type { Declaration } from "./schema.ts";
import { durationMs } from "./values.ts";

/** Rules over more than one field; each gives every breach it finds. */
export function crossFieldProblems(declared: Declaration): readonly Problem[] {
  return [
    ...mountOverlaps(declared),
    ...namespaceProblems(declared),
    ...generatedProblems(declared),
    ...pkiProblems(declared),
    ...databaseProblems(declared),
    ...auditDevices(declared),
    ...clusterSingletons(declared),
    ...autopilotQuorum(declared),
    ...tokenTtls(declared),
    ...jwtKeys(declared),
    ...operatorsPrefix(declared),
    ...operatorProblems(declared.operators),
    ...rotationProblems(declared),
    ...breakGlassProblems(declared),
    ...monitoringProblems(declared),
  ];
}

function mountOverlaps(declared: Declaration): readonly Problem[] {
  const { vault, operators } = declared;
  const logins = [
    { mount: vault.auth.mount, path: ["vault", "auth", "mount"] },
    ...(operators?.ci ? [{ mount: operators.ci.mount, path: ["operators", "ci", "mount"] }] : []),
    ...(operators?.people ? [{ mount: operators.people.mount, path: ["operators", "people", "mount"] }] : []),
  ];
  const mounts = Object.keys(vault.mounts).map((mount) => ({ mount, path: ["vault", "mounts", mount] }));
  return overlaps([...mounts, ...pkiMounts(declared), ...databaseMounts(declared), ...logins]);
}

function overlaps(
  paths: readonly { readonly mount: string; readonly path: readonly string[] }[],
): readonly Problem[] {
  return paths.flatMap(({ mount, path }, index) =>
    paths
      .slice(0, index)
      .filter((other) => within(mount, other.mount) || within(other.mount, mount))
      .map((other) => ({
        path: pathText(path),
        found: `${show(mount)}, which overlaps ${show(other.mount)} at ${pathText(other.path)}`,
        allowed: "mounts of which none is, or begins, another's path",
        fix: "rename one of the two",
      })),
  );
}

/** Whether one mount path is, or lies under, another; Vault refuses to nest mounts. */
export function within(inner: string, outer: string): boolean {
  return `${inner}/`.startsWith(`${outer}/`);
}

/** Vault refuses to serve while no audit device can write, so one full disk must not stop it; and one is replaced while another records. */
function auditDevices({ vault }: Declaration): readonly Problem[] {
  const devices = Object.entries(vault.auditDevices);
  const files = new Set(devices.map(([, device]) => device.filePath));
  const shared = devices.length - files.size;
  return [
    ...(vault.cluster === "managed" && devices.length < 2
      ? [
          {
            path: "vault.auditDevices",
            found: `${devices.length} device(s)`,
            allowed:
              "two or more where the stack manages the cluster: Vault serves only while a device can write, and changes one " +
              "only by removing it first",
            fix: "add a second device on another disk or on stdout, or declare vault.cluster: shared",
          },
        ]
      : []),
    ...(shared > 0
      ? [
          {
            path: "vault.auditDevices",
            found: "one filePath in several devices",
            allowed: "a filePath of its own for each device",
            fix: "give each device another file",
          },
        ]
      : []),
  ];
}

function clusterSingletons({ vault }: Declaration): readonly Problem[] {
  if (vault.cluster === "managed") return [];
  const declared = [
    ...(Object.keys(vault.auditDevices).length > 0 ? ["auditDevices"] : []),
    ...(Object.keys(vault.quotas).length > 0 ? ["quotas"] : []),
    ...(vault.autopilot ? ["autopilot"] : []),
  ];
  return declared.map((field) => ({
    path: `vault.${field}`,
    found: "declared with vault.cluster: shared",
    allowed: "cluster-wide settings only in the one stack that says vault.cluster: managed",
    fix: `remove vault.${field} here, or manage the cluster from this stack`,
  }));
}

function autopilotQuorum({ vault: { autopilot } }: Declaration): readonly Problem[] {
  if (!autopilot?.cleanupDeadServers || autopilot.minQuorum !== undefined) return [];
  return [
    {
      path: "vault.autopilot.minQuorum",
      found: "nothing, with cleanupDeadServers: true",
      allowed: "3 or more, which Vault asks for before it removes dead servers",
      fix: "write minQuorum: 3, or the number of voters to keep",
    },
  ];
}

function tokenTtls({ vault: { auth } }: Declaration): readonly Problem[] {
  if (durationMs(auth.tokenTtl) <= durationMs(auth.tokenMaxTtl)) return [];
  return [
    {
      path: "vault.auth.tokenTtl",
      found: `${auth.tokenTtl}, longer than tokenMaxTtl ${auth.tokenMaxTtl}`,
      allowed: "at most tokenMaxTtl",
      fix: "shorten tokenTtl or lengthen tokenMaxTtl",
    },
  ];
}

function jwtKeys({ kubernetes, vault }: Declaration): readonly Problem[] {
  const ways = Object.entries(kubernetes.jwt ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  const needed = vault.auth.method === "jwt" ? 1 : 0;
  if (needed === 1 ? ways.length === 1 : kubernetes.jwt === undefined || ways.length === 1) return [];
  return [
    {
      path: "kubernetes.jwt",
      found: ways.length === 0 ? "no way to the signing keys" : ways.join(" and "),
      allowed: "exactly one of issuer, jwksUrl, publicKeys with vault.auth.method: jwt",
      fix: "keep one: issuer where Vault reaches the cluster's OIDC discovery, jwksUrl or publicKeys elsewhere",
    },
  ];
}

/** Nobody's role prefix: a deployer may write the policies of its own, and must not write operators'. */
function operatorsPrefix({ vault: { auth } }: Declaration): readonly Problem[] {
  if (auth.rolePrefix !== OPERATOR_PREFIX) return [];
  return [
    {
      path: "vault.auth.rolePrefix",
      found: show(auth.rolePrefix),
      allowed: `any prefix but ${OPERATOR_PREFIX}, which begins the names of operators' policies`,
      fix: "use your platform's name, e.g. voyager-platform",
    },
  ];
}
