import type { DriftGround } from "./ground.ts";

/** Something that a person does by hand. */
export interface Change {
  readonly title: string;
  /** Of what is found, and the drift and the fields that are. */
  readonly what: RegExp;
  readonly found: readonly string[];
  make(ground: DriftGround): Promise<unknown>;
  /** What an update does not take back by itself. */
  undo?(ground: DriftGround): Promise<unknown>;
}
