import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { sandboxPaths } from "../../../sandbox/state.ts";

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

/** A sandbox of which nothing runs: its addresses, and a kubeconfig file with the given server. */
export function describedSandbox(server = "https://127.0.0.1:18230"): RunningSandbox {
  const root = mkdtempSync(join(tmpdir(), "described-sandbox-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const kubeconfig = join(root, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "sandbox", cluster: { server } }],
      users: [{ name: "sandbox", user: {} }],
      contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox" } }],
    }),
  );
  const binaries = {
    etcd: "",
    "kube-apiserver": "",
    "kube-controller-manager": "",
    vault: "",
    "external-secrets": "",
    helm: "",
  };
  return {
    paths: sandboxPaths(root),
    vault: {
      address: "https://127.0.0.1:18200",
      nodes: [
        { name: "vault-1", address: "https://127.0.0.1:18201" } as RunningSandbox["vault"]["nodes"][number],
      ],
      caPem: pem("vault"),
      caFile: join(root, "ca.crt"),
      tokenFile: join(root, "token"),
    },
    kubernetes: {
      address: "https://127.0.0.1:18230",
      caPem: pem("kubernetes"),
      kubeconfig,
      context: "sandbox",
      apiAudience: "https://kubernetes.default.svc.cluster.local",
      issuer: "https://kubernetes.default.svc",
      serviceAccountPublicKeyPem: "",
    },
    toolchain: { binaries, chart: "/chart", crds: "/crds.yaml" } as RunningSandbox["toolchain"],
  };
}
