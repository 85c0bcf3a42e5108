import { readHiddenLine } from "../hidden-line.ts";

/** The OIDC client's secret, as {@link readHiddenLine} takes it. */
export function readClientSecret(): Promise<string> {
  return readHiddenLine("Secret of the OIDC client", "The OIDC client's secret");
}
