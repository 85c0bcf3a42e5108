const OWNER = "vault-management";

/** A mount's description, and a policy's first comment: by it another stack on the same Vault sees whose they are. */
export function mountDescription(environment: string): string {
  return `${OWNER} ${environment}`;
}

/** The environment whose stack made a mount, or `undefined` when this program did not make it. */
export function ownerOf(description: string): string | undefined {
  const [owner, environment, ...rest] = description.split(" ");
  return owner === OWNER && rest.length === 0 ? environment : undefined;
}
