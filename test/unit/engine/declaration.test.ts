import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { devDeclaration, sandboxDeclaration } from "../../../sandbox/engine/declaration.ts";
import { apiAudience } from "../../../sandbox/kubernetes/processes.ts";
import { describedSandbox } from "./sandbox.ts";

const projectFolder = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Every leaf of a value: its path, and itself. */
function leaves(value: unknown, path: readonly string[] = []): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[path.join("."), value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, [...path, key])]));
}

it("overrides the dev stack's connection settings and not one other field", async () => {
  const dev = leaves(await devDeclaration(projectFolder));
  const sandbox = leaves(sandboxDeclaration(await devDeclaration(projectFolder), describedSandbox()));
  // There is none on loopback, and Vault asks an issuer for its keys when it is told of one.
  const issuers = [...dev.keys()].filter((path) => /^operators\.(ci|people)\./.test(path)).sort();
  const changed = [...new Set([...dev.keys(), ...sandbox.keys()])].filter(
    (path) => JSON.stringify(dev.get(path)) !== JSON.stringify(sandbox.get(path)),
  );
  expect(changed.sort()).toEqual([
    "externalSecrets.chart.source",
    "externalSecrets.crds.source",
    "kubernetes.apiAddress",
    "kubernetes.apiCaCertificate",
    "kubernetes.context",
    ...issuers,
    "vault.address",
    "vault.auditDevices.file.filePath",
    "vault.caCertificate",
    "vault.nodes",
  ]);
});

it("writes Vault's audit files into the sandbox's own state", async () => {
  const sandbox = describedSandbox();
  const declared = leaves(sandboxDeclaration(await devDeclaration(projectFolder), sandbox));
  expect(declared.get("vault.auditDevices.file.filePath")).toBe(join(sandbox.paths.vaultAudit, "file.log"));
  expect(declared.get("vault.auditDevices.stdout.filePath")).toBe("stdout");
});

it("knows operators by groups of its own where the declaration names none", async () => {
  const { operators: _, ...dev } = await devDeclaration(projectFolder);
  expect(sandboxDeclaration(dev, describedSandbox()).operators).toEqual({
    kubernetes: {
      deployer: { group: "sandbox:deployer" },
      previewer: { group: "sandbox:previewer" },
      auditor: { group: "sandbox:auditor" },
      "break-glass": { group: "sandbox:break-glass" },
      "break-glass-restore": { group: "sandbox:break-glass-restore" },
    },
  });
});

it("leaves the dev stack's API audiences, which the sandbox's API server therefore has", async () => {
  const dev = leaves(await devDeclaration(projectFolder));
  expect(dev.get("kubernetes.apiAudiences")).toEqual([apiAudience]);
});
