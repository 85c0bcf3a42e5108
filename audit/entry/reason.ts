/**
 * Vault's own words that a report may repeat: they quote nothing of the request. Everything else might, since Vault does
 * not hash an error's text ("error converting input ..."). Permission first: the rest says why.
 * Source: errors of logical/error.go, of the kubernetes and jwt auth methods, and of KV's check-and-set, in Vault 1.21.
 */
const KNOWN: readonly string[] = [
  "permission denied",
  "invalid token",
  "namespace not authorized",
  "service account name not authorized",
  "service account unauthorized",
  "invalid role name",
  "invalid audience",
  "audience claim does not match",
  "subject claim does not match",
  "token is expired",
  "source address unauthorized",
  "request path rate limit quota exceeded",
  "rate limit quota exceeded",
  "check-and-set parameter",
  "invalid request",
  "unsupported operation",
  "unsupported path",
  "Vault is sealed",
];

const DENIALS = /permission denied|unauthorized|not authorized|invalid token/;

/** The known words in an error of Vault, joined; says so when there are none. */
export function reasonOf(error: string): string {
  const known = KNOWN.filter((words) => error.includes(words));
  return known.length > 0 ? known.join(", ") : "an error that may quote the request: see the entry itself";
}

/** Whether the error refuses for want of a right. */
export function isDenial(error: string): boolean {
  return DENIALS.test(error);
}
