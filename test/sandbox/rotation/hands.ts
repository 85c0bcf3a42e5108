import type { KvSecret } from "../../../jobs/rotator/vault.ts";
import type { RotationCase } from "./case.ts";

type Act = (rotation: RotationCase) => Promise<unknown>;
type Which = "live" | "state";
type Data = Readonly<Record<string, unknown>>;

/** What people do to a slot, by `vault kv`. */

export function deletes(which: Which): Act {
  return ({ ground, spec }) => ground.vault.delete(at("data", spec[which]));
}

export function undeletes(which: Which, version: number): Act {
  return ({ ground, spec }) => ground.vault.write(at("undelete", spec[which]), { versions: [version] });
}

export function destroys(which: Which, version: number): Act {
  return ({ ground, spec }) => ground.vault.write(at("destroy", spec[which]), { versions: [version] });
}

export function deletesMetadata(which: Which): Act {
  return ({ ground, spec }) => ground.vault.delete(at("metadata", spec[which]));
}

export function setsMetadata(which: Which, fields: Readonly<Record<string, unknown>>): Act {
  return ({ ground, spec }) => ground.vault.write(at("metadata", spec[which]), fields);
}

/** Writes other data, and then once more what was there before (`vault kv rollback`). */
export function overwrites(which: Which, change: (before: Data, rotation: RotationCase) => Data) {
  let before: Data = {};
  const write = ({ ground, spec }: RotationCase, data: Data) =>
    ground.vault.write(at("data", spec[which]), { data });
  return {
    act: async (rotation: RotationCase) => {
      before = await held(rotation, which);
      await write(rotation, change(before, rotation));
    },
    mend: (rotation: RotationCase) => write(rotation, before),
  };
}

/** Writes what is there as a new version. */
export function writesAnew(which: Which): Act {
  return async (rotation) => {
    const { ground, spec } = rotation;
    await ground.vault.write(at("data", spec[which]), { data: await held(rotation, which) });
  };
}

async function held({ ground, spec }: RotationCase, which: Which): Promise<Data> {
  return ((await ground.vault.read(at("data", spec[which])))?.data ?? {}) as Data;
}

export function inTurn(...acts: readonly Act[]): Act {
  return async (rotation) => {
    for (const act of acts) await act(rotation);
  };
}

function at(what: string, { mount, path }: KvSecret): string {
  return `${mount}/${what}/${path}`;
}
