import type { Change } from "../engine.ts";
import type { Owned } from "./owned.ts";

/** What the parent tells the child to deploy. No secret is in it: those come by the environment. */
export interface DeployJob {
  readonly project: string;
  readonly stack: string;
  readonly declaration: Readonly<Record<string, unknown>>;
  /** The program's module, as an absolute path. */
  readonly program: string;
  readonly helm: string;
  /** A private folder for helm's files. */
  readonly workFolder: string;
  readonly owned: Owned;
}

/** What the child tells the parent. `failed` and `finished` are the last ones. */
export type DeployReport =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "failed"; readonly messages: readonly string[] }
  | { readonly kind: "finished"; readonly outputs: Readonly<Record<string, unknown>> };
