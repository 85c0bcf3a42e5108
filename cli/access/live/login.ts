import type { LoginAnswer } from "../../../access/live.ts";
import type { Login } from "../../../access/matrix.ts";
import { type VaultClient, type VaultConnection, VaultError, withVault } from "../../../clients/vault.ts";
import { storeManifest } from "../../../components/external-secrets/store.ts";
import type { Settings } from "../../../config/schema.ts";
import type { Mint } from "./tokens.ts";

/** Statuses that say something about the login: an unknown role, a binding that does not fit, no such mount. */
const ANSWERS: readonly number[] = [400, 403, 404];

/** How a SecretStore logs in: what ESO reads in the object that the stack makes. */
export interface StoreLogin {
  readonly mount: string;
  readonly role: string;
  readonly audiences: readonly string[];
}

/** A login's token, to ask about and to end. Nothing else is done with it. */
export interface VaultSession {
  readonly answer: LoginAnswer;
  /** `undefined` for batch tokens, which have none. */
  readonly accessor: string | undefined;
  readonly token: string;
}

export type LoginResult =
  | { readonly session: VaultSession }
  /** Kubernetes or Vault says no to this login. */
  | { readonly refused: string }
  /** We could not make the token that logs in. */
  | { readonly failure: string };

/** @throws Error for a login that is not the settings' own */
export function storeLogin(settings: Settings, { namespace, store: name, role }: Login): StoreLogin {
  const declared = settings.namespaces.find((one) => one.name === namespace);
  const store = declared?.stores.find((one) => one.name === name);
  if (declared === undefined || store === undefined) throw new Error(`no store ${namespace}/${name}`);
  const { auth } = storeManifest(settings, declared, store, role).spec.provider.vault;
  if ("jwt" in auth) {
    const { path, role: asked, kubernetesServiceAccountToken } = auth.jwt;
    return { mount: path, role: asked, audiences: kubernetesServiceAccountToken.audiences };
  }
  const { mountPath, role: asked, serviceAccountRef } = auth.kubernetes;
  return { mount: mountPath, role: asked, audiences: serviceAccountRef.audiences };
}

/**
 * Logs in as ESO would for this store.
 * @throws VaultError that may pass, VaultUnreachableError
 */
export async function logIn(
  anonymous: VaultClient,
  mint: Mint,
  login: Login,
  { mount, role, audiences }: StoreLogin,
): Promise<LoginResult> {
  const minted = await mint(login.namespace, login.serviceAccount, audiences);
  if ("failure" in minted) return minted;
  if ("absent" in minted) return { refused: minted.absent };
  try {
    const { auth = {} } = await anonymous.write(`auth/${mount}/login`, { role, jwt: minted.token });
    return { session: sessionOf(auth) };
  } catch (error) {
    const answered = error instanceof VaultError && !error.passing && ANSWERS.includes(error.status);
    if (!answered) throw error;
    return { refused: `refused: ${error.errors.join("; ") || `status ${error.status}`}` };
  }
}

function sessionOf(auth: Readonly<Record<string, unknown>>): VaultSession {
  const policies = Array.isArray(auth.policies) ? auth.policies.map(String) : [];
  const accessor = String(auth.accessor ?? "");
  return {
    answer: {
      policies,
      ttlSeconds: Number(auth.lease_duration),
      tokenType: String(auth.token_type),
    },
    accessor: accessor === "" ? undefined : accessor,
    token: String(auth.client_token),
  };
}

/** Ends a login's token with its own right to do so. @returns whether it is gone; a batch token cannot be ended */
export async function logOut(
  connection: Omit<VaultConnection, "token">,
  { token }: VaultSession,
  patient: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<boolean> {
  return withVault({ ...connection, token }, async (client) => {
    try {
      await patient(() => client.write("auth/token/revoke-self", {}));
      return true;
    } catch (error) {
      if (error instanceof VaultError && !error.passing) return false;
      throw error;
    }
  });
}
