import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { kubeconfigFiles, tokenFiles } from "../../../sandbox/operators/files.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { sandboxPaths } from "../../../sandbox/state.ts";

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

/** A sandbox of which nothing runs: its addresses, and kubeconfig files with the given server. */
export function describedSandbox(server = "https://127.0.0.1:18230"): RunningSandbox {
  const root = mkdtempSync(join(tmpdir(), "described-sandbox-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const paths = sandboxPaths(root);
  const kubeconfigs = kubeconfigFiles(paths);
  const config = {
    clusters: [{ name: "sandbox", cluster: { server } }],
    users: [{ name: "sandbox", user: {} }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox" } }],
  };
  for (const file of Object.values(kubeconfigs)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(config));
  }
  const binaries = {
    etcd: "",
    "kube-apiserver": "",
    "kube-controller-manager": "",
    vault: "",
    "external-secrets": "",
    helm: "",
  };
  return {
    paths,
    vault: {
      address: "https://127.0.0.1:18200",
      nodes: [
        { name: "vault-1", address: "https://127.0.0.1:18201" } as RunningSandbox["vault"]["nodes"][number],
      ],
      caPem: pem("vault"),
      caFile: join(root, "ca.crt"),
      tokens: tokenFiles(paths),
    },
    kubernetes: {
      address: "https://127.0.0.1:18230",
      caPem: pem("kubernetes"),
      kubeconfigs,
      context: "sandbox",
      apiAudience: "https://kubernetes.default.svc.cluster.local",
      issuer: "https://kubernetes.default.svc",
      serviceAccountPublicKeyPem: "",
    },
    toolchain: { binaries, chart: "/chart", crds: "/crds.yaml" } as RunningSandbox["toolchain"],
  };
}
