import {
  deniedMetadata,
  deniedPaths,
  isDeniable,
  roomFor,
  SEGMENTS,
  SLOTS,
} from "../../access/operators/denial.ts";

/** One of the groups that deny, as Vault has it. */
export interface Group {
  readonly members: readonly string[];
  /** Which paths it denies, in Vault's form of it: see access/operators/denial.ts. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The group that is to deny these paths: that of an incident which goes on, or one that denies some of them already, else the
 * first with room for all, so that one write denies them at once.
 * @param groups as Vault has them, by number
 * @param begun what the incident denies already
 * @throws Error when a path cannot be denied, or no group has room
 */
export function groupFor(
  groups: readonly Group[],
  paths: readonly string[],
  begun?: { readonly group: number },
): number {
  const bad = paths.filter((path) => !isDeniable(path));
  if (bad.length > 0) {
    throw new Error(
      `These paths cannot be denied by a group's template: ${bad.join(", ")}. Allowed: ${SEGMENTS.fewest} to ${SEGMENTS.most} segments`,
    );
  }
  if (!roomFor(paths)) {
    throw new Error(
      `${paths.length} paths are too many to deny at once: a group holds ${SLOTS}, and fewer that are long. Turn the namespace's ` +
        "login off instead: --freeze <namespace>",
    );
  }
  const fits = groups.map(({ metadata }) => roomFor(united(metadata, paths)));
  if (begun !== undefined && fits[begun.group]) return begun.group;
  if (begun !== undefined) {
    throw new Error(
      `The group that denies for this incident has no room for ${paths.join(", ")}. Turn the namespace's login off instead: ` +
        "--freeze <namespace>",
    );
  }
  const known = groups.findIndex(({ metadata }, index) => {
    return fits[index] && deniedPaths(metadata).some((path) => paths.includes(path));
  });
  const group = known === -1 ? fits.indexOf(true) : known;
  if (group !== -1) return group;
  throw new Error(
    `No denying group has room for ${paths.length} more path(s). Restore the incidents that are over (the command list shows them)`,
  );
}

/** The group once it denies these paths to these entities as well; what else it denies stays. */
export function withDenials(
  { members, metadata }: Group,
  paths: readonly string[],
  entities: readonly string[],
): Group {
  return {
    members: [...new Set([...members, ...entities])].toSorted(),
    metadata: deniedMetadata(united(metadata, paths)),
  };
}

/** What another incident needs of a group. */
export interface Kept {
  readonly paths: readonly string[];
  readonly members: readonly string[];
}

/** The group once it denies these paths no longer and these entities have left it, save what other incidents need. */
export function withoutDenials(
  { members, metadata }: Group,
  paths: readonly string[],
  entities: readonly string[],
  kept: Kept,
): Group {
  const left = deniedPaths(metadata).filter((path) => !paths.includes(path) || kept.paths.includes(path));
  return {
    members: members.filter((member) => !entities.includes(member) || kept.members.includes(member)),
    metadata: deniedMetadata(left),
  };
}

/** Whether the group denies all of it. */
export function denies(
  { members, metadata }: Group,
  paths: readonly string[],
  entities: readonly string[],
): boolean {
  const denied = deniedPaths(metadata);
  return paths.every((path) => denied.includes(path)) && entities.every((entity) => members.includes(entity));
}

function united(metadata: Group["metadata"], paths: readonly string[]): readonly string[] {
  return [...new Set([...deniedPaths(metadata), ...paths])];
}
