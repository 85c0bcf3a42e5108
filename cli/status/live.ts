import type { LiveObject } from "../../components/external-secrets/judgement.ts";

/** An object of the stack as the API server gives it. */
export type Live = LiveObject & { readonly metadata: { readonly namespace?: string } };

export function readyOf({ status }: Live) {
  return status?.conditions?.find(({ type }) => type === "Ready");
}
