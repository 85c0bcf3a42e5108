import { getCACertificates } from "node:tls";
import { managedInVault, readingOf } from "../access/managed.ts";
import { type VaultClient, VaultError, VaultUnreachableError, withVault } from "../clients/vault.ts";
import { sessionPolicyName } from "../components/vault/policies.ts";
import type { Problem } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { auditDeviceProblems } from "./audit-devices.ts";
import { auditKeyProblems } from "./audit-keys.ts";
import { capabilityProblems } from "./capabilities.ts";
import { databaseProblems } from "./databases.ts";
import { deployerProblems } from "./deployer.ts";
import { generatedProblems } from "./generated.ts";
import { authMountProblems, kvMountProblems } from "./mounts.ts";
import { pkiProblems } from "./pki/pki.ts";
import { rolePrefixProblems } from "./policies.ts";
import { readIfAllowed } from "./read-if-allowed.ts";
import { rotationProblems } from "./rotation.ts";

/** A `preview` only reads; an `update` also makes, changes and deletes. */
export type Purpose = "preview" | "update";

/** Milliseconds for one node's answer; an update must not wait long for one that is down. */
const NODE_TIMEOUT_MS = 3_000;

/**
 * Everything about Vault that would stop the update; reads only.
 * @param token what the provider will use; `undefined` when there is none
 */
export async function vaultProblems(
  settings: Settings,
  token: string | undefined,
  purpose: Purpose,
): Promise<readonly Problem[]> {
  return withDeclaredVault(settings, token, async (client) => {
    const [behindAddress, nodes] = await Promise.all([serverProblems(client), nodeProblems(settings)]);
    const server = [...behindAddress, ...nodes];
    if (token === undefined) return [...server, noToken()];
    return server.length > 0 ? server : tokenProblems(client, settings, purpose);
  });
}

/** Works with the declared Vault, trusted as the provider trusts it. */
export function withDeclaredVault<T>(
  { vault }: Pick<Settings, "vault">,
  token: string | undefined,
  work: (client: VaultClient) => Promise<T>,
): Promise<T> {
  const { address } = vault;
  return withVault({ address, caPem: trusted(vault), ...(token === undefined ? {} : { token }) }, work);
}

function trusted({ caCertificate }: Settings["vault"]): string {
  return caCertificate ?? systemCertificates();
}

/** As the Vault provider, which is a Go program, trusts them: Node alone would leave the system's own out. */
function systemCertificates(): string {
  return [...getCACertificates("default"), ...getCACertificates("system")].join("\n");
}

async function serverProblems(client: VaultClient): Promise<readonly Problem[]> {
  try {
    const { status, body } = await client.health();
    const closed = closedProblem("vault.address", body);
    if (closed !== undefined) return [closed];
    if (body.initialized === true) return [];
    return [
      server(`status ${status} and no answer of Vault's`, "Vault's API", "check address and load balancer"),
    ];
  } catch (error) {
    return [connectionProblem(error)];
  }
}

/** A Vault that answers and cannot serve. One that is not initialised calls itself sealed as well. */
function closedProblem(path: string, body: Readonly<Record<string, unknown>>): Problem | undefined {
  if (body.initialized === false) {
    return {
      path,
      found: "a Vault that is not initialised",
      allowed: "an initialised Vault",
      fix: "vault operator init, then unseal it",
    };
  }
  if (body.sealed !== true) return undefined;
  return {
    path,
    found: "a sealed Vault",
    allowed: "an unsealed Vault",
    fix: "vault operator unseal, on each node; or mend its auto-unseal",
  };
}

/**
 * Nodes that the load balancer hides because they are sealed: the next failover would find them so. A node that does
 * not answer is no obstacle: it may be down for maintenance, or not reachable from here.
 */
async function nodeProblems({ vault }: Settings): Promise<readonly Problem[]> {
  const caPem = trusted(vault);
  const problems = await Promise.all(
    vault.nodes.map(async (address, index) => {
      const connection = { address, caPem, timeoutMs: NODE_TIMEOUT_MS };
      try {
        const { body } = await withVault(connection, (client) => client.health());
        return closedProblem(`vault.nodes.[${index}]`, body);
      } catch (error) {
        if (error instanceof VaultUnreachableError) return undefined;
        throw error;
      }
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

function connectionProblem(error: unknown): Problem {
  if (!(error instanceof VaultUnreachableError)) throw error;
  if (!error.untrusted) {
    return server(
      error.message,
      "a Vault that answers from here",
      "check vault.address, DNS, VPN, and that Vault is running",
    );
  }
  return {
    path: "vault.caCertificate",
    found: error.message,
    allowed: "the CA that signed the server's certificate; the system's when absent",
    fix: "paste that CA's certificate here, and check that the certificate names the host of vault.address",
  };
}

async function tokenProblems(
  client: VaultClient,
  settings: Settings,
  purpose: Purpose,
): Promise<readonly Problem[]> {
  const all = managedInVault(settings);
  const required = purpose === "preview" ? readingOf(all) : all;
  try {
    const granted = (await client.write("sys/capabilities-self", { paths: required.map(({ path }) => path) }))
      .data;
    const [outgrown, mounts, auths, devices, session, generated] = await Promise.all([
      deployerProblems(client, settings),
      readIfAllowed(client, "sys/mounts"),
      readIfAllowed(client, "sys/auth"),
      settings.vault.cluster === "managed" ? readIfAllowed(client, "sys/audit") : {},
      readIfAllowed(client, `sys/policies/acl/${sessionPolicyName(settings.vault.auth.rolePrefix)}`),
      generatedProblems(client, settings),
    ]);
    return [
      // A deployer's policy that is made anew grants all of it.
      ...(outgrown.length > 0 ? outgrown : capabilityProblems(required, granted ?? {})),
      ...kvMountProblems(settings, mounts),
      ...(await pkiProblems(client, settings, mounts)),
      ...(await databaseProblems(client, settings, mounts, purpose)),
      ...authMountProblems(settings, auths),
      ...auditDeviceProblems(settings, devices),
      ...auditKeyProblems(settings, mounts, auths),
      ...generated,
      ...(await rotationProblems(client, settings, mounts)),
      ...rolePrefixProblems(settings, typeof session.policy === "string" ? session.policy : undefined),
    ];
  } catch (error) {
    if (error instanceof VaultUnreachableError) return [connectionProblem(error)];
    if (error instanceof VaultError && error.status === 403) return [refusedToken(error)];
    throw error;
  }
}

function server(found: string, allowed: string, fix: string): Problem {
  return { path: "vault.address", found, allowed, fix };
}

function noToken(): Problem {
  return {
    path: "the Vault token",
    found: "neither VAULT_TOKEN nor ~/.vault-token",
    allowed: "a token that may manage what the stack declares",
    fix: "vault login, or export VAULT_TOKEN; never put it in the stack file",
  };
}

/** Vault 1.15 and later say `invalid token` of one that does not exist (any more). */
function refusedToken(error: VaultError): Problem {
  const invalid = error.errors.some((text) => text.includes("invalid token"));
  return {
    path: "the Vault token",
    found: invalid ? "a token that is expired, revoked or of another Vault" : oneLine(error.message),
    allowed: "a valid token that may update sys/capabilities-self (the default policy grants it)",
    fix: "log in again (vault login), or give the token the default policy",
  };
}

/** Vault writes lists of errors over several lines. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
