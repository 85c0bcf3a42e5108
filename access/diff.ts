import type { Settings } from "../config/schema.ts";
import { type AccessChange, RISKS } from "./diff/change.ts";
import { jobChanges } from "./diff/jobs.ts";
import { namespaceChanges } from "./diff/namespaces.ts";
import { sectionChanges } from "./diff/sections.ts";
import { trustChanges } from "./diff/trust.ts";

export type { AccessChange } from "./diff/change.ts";

/**
 * What a reviewer must know of two declarations of one stack: who may read more or less, who may log in, and what decides
 * whether a login is believed. What gives more comes first. Both are read by the same code, so a change of the code that
 * turns declarations into policies is not in it.
 */
export function accessDiff(before: Settings, after: Settings): readonly AccessChange[] {
  const changes = [
    ...namespaceChanges(before, after),
    ...jobChanges(before, after),
    ...trustChanges(before, after),
    ...sectionChanges(before, after),
  ];
  return RISKS.flatMap((risk) =>
    changes
      .filter((change) => change.risk === risk)
      .toSorted((a, b) => (a.about === b.about ? 0 : a.about < b.about ? -1 : 1)),
  );
}
