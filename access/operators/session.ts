import type { Grant } from "./document.ts";

/** What every operator's token may do with itself, since none has Vault's default policy: look itself up, and end itself. */
export const session: readonly Grant[] = [
  { path: "auth/token/lookup-self", capabilities: ["read"] },
  { path: "auth/token/revoke-self", capabilities: ["update"] },
];

/** What a token may do, asked by its holder: preflight does. */
export const askAboutSelf: Grant = { path: "sys/capabilities-self", capabilities: ["update"] };
