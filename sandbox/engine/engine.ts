import type { RunningSandbox } from "../sandbox.ts";

/** What happened to one resource. `same`: it was there as declared. */
export type ChangeAction = "created" | "updated" | "replaced" | "deleted" | "same";

export interface Change {
  readonly action: ChangeAction;
  /** Pulumi's type token, e.g. `vault:index/policy:Policy`, or a Kubernetes kind for what was pruned. */
  readonly type: string;
  /** Logical name, or the object's own name for what was pruned. */
  readonly name: string;
}

export interface StackInput {
  /** The stack's sections by name, without the project's prefix, as in its file: not yet checked. */
  readonly declaration: Readonly<Record<string, unknown>>;
  readonly sandbox: RunningSandbox;
  /** Told of each resource as it is done. */
  readonly onChange?: (change: Change) => void;
}

export interface ChangeCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly same: number;
}

export interface UpResult {
  readonly changes: ChangeCounts;
  /** The stack's outputs by name, as plain data. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** Deploys the program of this project into a sandbox. */
export interface Engine {
  readonly name: "pulumi" | "direct";
  /** Which engine it is, why it was chosen, and what it cannot do: the first line of output. */
  readonly description: string;
  /**
   * Brings the sandbox to what the declaration says.
   * @throws EngineError with the program's or the resources' own messages, one a line
   */
  up(stack: StackInput): Promise<UpResult>;
}

/** A deployment that failed. The message is for a person: no stack, and nothing secret. */
export class EngineError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EngineError";
  }
}

export function countChanges(changes: readonly Change[]): ChangeCounts {
  const count = (action: ChangeAction) => changes.filter((change) => change.action === action).length;
  return {
    created: count("created"),
    updated: count("updated"),
    deleted: count("deleted"),
    same: count("same"),
  };
}

/** Whether a deployment found everything as declared. */
export function nothingChanged({ created, updated, deleted }: ChangeCounts): boolean {
  return created + updated + deleted === 0;
}
