import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import * as vault from "@pulumi/vault";
import type { Settings } from "../config/schema.ts";

export interface Providers {
  readonly vault: vault.Provider;
  readonly kubernetes: kubernetes.Provider;
  readonly random: random.Provider;
}

/** Relative, so that the provider's recorded configuration is the same on every machine; ignored by git. */
const CACHE = join("node_modules", ".cache", "vault-management");

/**
 * The providers that the resources name. Credentials are not among their inputs, and so not in the state: the
 * Vault provider takes its token from VAULT_TOKEN or `~/.vault-token`, the Kubernetes provider the kubeconfig by the
 * usual rules (KUBECONFIG, else `~/.kube/config`).
 */
export function createProviders(settings: Pick<Settings, "vault" | "kubernetes">): Providers {
  const { address, caCertificate } = settings.vault;
  return {
    vault: new vault.Provider("vault", {
      address,
      // A child token would stand in the state file and outlive the update.
      skipChildToken: true,
      // Said, or the SDK would take VAULT_SKIP_VERIFY from whoever runs the update.
      skipTlsVerify: false,
      ...(caCertificate === undefined ? {} : { caCertFile: certificateFile(caCertificate) }),
    }),
    kubernetes: new kubernetes.Provider("kubernetes", {
      // Empty, or the SDK would record KUBECONFIG's value: another on the next machine would replace everything.
      kubeconfig: "",
      context: settings.kubernetes.context,
    }),
    random: new random.Provider("random"),
  };
}

/** The provider takes its CA as a file only: named by its content, so that another CA is another file. */
function certificateFile(pem: string): string {
  const digest = createHash("sha256").update(pem).digest("hex").slice(0, 16);
  const file = join(CACHE, `ca-${digest}.pem`);
  mkdirSync(CACHE, { recursive: true });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, pem);
  renameSync(partial, file);
  return file;
}
