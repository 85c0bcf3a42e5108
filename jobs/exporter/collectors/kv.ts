import { neverWritten, secretState } from "../../../freshness/kv-metadata.ts";
import { inGroups, together } from "../in-groups.ts";
import type { Collector } from "../seen.ts";
import { type ExporterSpec, metadataPath, metadataPaths } from "../spec.ts";
import type { ExporterVault } from "../vault.ts";

type Reader = Pick<ExporterVault, "read">;

/** Versions and times of every declared path; of one that cannot be read what was seen before. */
export function kvCollector(spec: ExporterSpec, vault: Reader): Collector {
  const paths = metadataPaths(spec).map(metadataPath);
  return async (before) => {
    const read = await inGroups(paths, async (path) => {
      const data = await vault.read(path);
      const state = data === undefined ? neverWritten({ mounted: true }) : secretState(data, new Date());
      return [path, state] as const;
    });
    const { values, failures } = together(read);
    return { seen: { metadata: new Map([...before.metadata, ...values]) }, failures };
  };
}

/** How many incidents the break-glass commands have open: a number in their memory's metadata, and not what is in it. */
export function breakGlassCollector({ memory }: Pick<ExporterSpec, "memory">, vault: Reader): Collector {
  const path = metadataPath(memory);
  return async () => {
    const { custom } = secretState(await vault.read(path), new Date());
    const open = Number(custom.open ?? 0);
    if (Number.isInteger(open) && open >= 0) return { seen: { openIncidents: open } };
    throw new Error(`Vault ${path}: custom metadata "open" is no number of incidents`);
  };
}
