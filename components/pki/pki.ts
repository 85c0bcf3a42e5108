import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import { canIssue } from "../../config/certificates.ts";
import type { Settings } from "../../config/schema.ts";
import { externalChain } from "./external.ts";
import { intermediateAuthority } from "./intermediate.ts";
import { type PkiMount, pkiMount } from "./mount.ts";
import { authorityName, type PkiSettings } from "./names.ts";
import { certificateRoles } from "./roles.ts";
import { rootAuthority } from "./root.ts";

export interface PkiArgs {
  readonly settings: Pick<Settings, "environment" | "tier" | "vault" | "namespaces">;
  readonly pki: PkiSettings;
}

/**
 * A CA in Vault: the root, unless an outside CA takes its place, the intermediate that issues, and a role for each
 * declared certificate. Every key of a CA is made in Vault and never leaves it.
 */
export class Pki extends pulumi.ComponentResource {
  constructor(name: string, args: PkiArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:pki:Pki", name, {}, options);
    const { settings, pki } = args;
    const { root, intermediate } = pki;

    const parent = { parent: this };
    const signer = root === undefined ? undefined : rootAuthority({ settings, pki, root }, parent);
    const mount = pkiMount({ settings, path: intermediate.mount, longest: intermediate.ttl }, parent);
    const issuer = intermediateAuthority({ pki, mount, root: signer }, parent);
    this.#roles(args, mount, issuer);
    if (root === undefined && externalChain(pki).length === 0) {
      void pulumi.log.warn(notSigned(pki), this);
    }
    this.registerOutputs({});
  }

  #roles({ settings }: PkiArgs, mount: PkiMount, dependsOn: readonly pulumi.Resource[]): void {
    for (const { name, ...role } of certificateRoles(settings)) {
      new vault.pkisecret.SecretBackendRole(
        name,
        { name, backend: mount.path, ...role, allowedDomains: [...role.allowedDomains] },
        { parent: this, dependsOn: [...dependsOn] },
      );
    }
  }
}

function notSigned(pki: PkiSettings): string {
  const meanwhile = canIssue(pki) ? "the one before issues until then" : "no certificate is issued before it";
  return (
    `The intermediate "${authorityName(pki.intermediate)}" waits for its signature, and ${meanwhile}: ` +
    `1. npm run -s pki -- csr --stack ${pulumi.getStack()} > intermediate.csr  2. have the outside CA sign it as a CA  ` +
    "3. paste its certificate and those above it at pki.external.signed  4. pulumi up"
  );
}
