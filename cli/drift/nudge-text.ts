import type { Nudged, NudgeReport } from "./nudge.ts";

const OUTCOMES: Readonly<Record<Nudged["outcome"], string>> = {
  planned: "would be refreshed",
  synced: "refreshed",
  "not synced yet": "asked for, and not synced within a minute",
  refused: "not asked for",
};

const REASONS: Readonly<Record<Exclude<Nudged["because"], "lagging">, string>> = {
  "not ready": "not ready",
  "near expiry": "its certificate should have been issued anew",
  stale: "stale: last sync too long ago, or of an earlier declaration",
  overdue: "its refresh is overdue",
};

export function nudgeText({ judged, nudged, unknown }: NudgeReport, stack: string): string {
  const headline =
    nudged.length === 0
      ? `Nothing to refresh among the ${judged} ExternalSecret(s) of stack ${stack}.`
      : `${nudged.length} of the ${judged} ExternalSecret(s) of stack ${stack} to refresh.`;
  return [
    headline,
    ...nudged.map((one) => {
      const why = one.why === undefined ? "" : `: ${one.why}`;
      return `  ${one.externalSecret} (${reasonsOf(one)}): ${OUTCOMES[one.outcome]}${why}`;
    }),
    ...(unknown.length === 0 ? [] : ["Not known:"]),
    ...unknown.map(({ externalSecret, why }) => `  ${externalSecret}: ${why}`),
  ].join("\n");
}

function reasonsOf({ because, lagSeconds }: Nudged): string {
  const reason = because === "lagging" ? [] : [REASONS[because]];
  const lag = lagSeconds === undefined ? [] : [`behind Vault for ${lagSeconds} s`];
  return [...reason, ...lag].join(", ");
}
