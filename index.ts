import { awaitReadiness } from "./components/external-secrets/readiness.ts";
import { declareStack } from "./components/stack.ts";
import { outputsOf } from "./outputs/write.ts";
import { openStack } from "./preflight/open.ts";

const opened = await openStack();
await awaitReadiness(opened.deployable, declareStack(opened));

/** The stack's only output: see outputs/schema.ts. */
export const vaultManagement = outputsOf(opened.deployable);
