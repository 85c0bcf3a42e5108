import { RotationError } from "./errors.ts";
import type { Rotation } from "./rotation.ts";
import { digestOf } from "./state.ts";
import type { Live } from "./transitions.ts";
import type { KvSecret, Slot } from "./vault.ts";

/** The live slot: what is compared of it, its value, and the other properties that stay as they are. */
export interface LiveSlot extends Live {
  readonly value?: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly gone?: Slot["gone"];
  readonly createdTime?: string;
  readonly vanishesAt?: string;
}

export async function readLive({ vault, spec: { live }, log }: Rotation): Promise<LiveSlot> {
  const { version, data = {}, gone, createdTime, vanishesAt } = await vault.read(live);
  const value = data[live.property];
  const known = typeof value === "string" && value !== "" ? value : undefined;
  log.secrets.add(known);
  return {
    ...{ version, data },
    ...(gone === undefined ? {} : { gone }),
    ...(createdTime === undefined ? {} : { createdTime }),
    ...(vanishesAt === undefined ? {} : { vanishesAt }),
    ...(known === undefined ? {} : { value: known, digest: digestOf(known) }),
  };
}

/** What the state records of it. */
export function liveOf({ version, digest }: LiveSlot): Live {
  return { version, ...(digest === undefined ? {} : { digest }) };
}

/** A deleted version can be brought back, with properties that are none of the rotation's business. */
export function refuseDeleted({ spec: { live } }: Rotation, { gone, version }: LiveSlot): void {
  if (gone !== "deleted") return;
  throw new RotationError("conflict", {
    field: `live slot ${live.mount}/${live.path}`,
    found: `version ${version}, deleted`,
    allowed: "a version that consumers can read",
    fix: `bring it back: ${undelete(live, version)}; or remove the secret for good (vault kv metadata delete)`,
  });
}

export function undelete({ mount, path }: KvSecret, version: number): string {
  return `vault kv undelete -mount=${mount} -versions=${version} ${path}`;
}
