import type { Area } from "./document.ts";

/** What a person calls the parts. */
export const AREA_NAMES: Readonly<Record<Area, string>> = {
  vault: "Vault",
  raft: "raft",
  audit: "audit devices",
  eso: "ESO",
  stores: "stores",
  secrets: "secrets",
  rotations: "rotations",
  certificates: "certificates",
  "break-glass": "break-glass",
  alerts: "alerts",
};

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
] as const;

/** `for 2h 5m, since 2026-11-27T01:55:00Z` */
export function sinceText(since: string, now: Date): string {
  return `for ${spanText(now.getTime() - Date.parse(since))}, since ${timeText(since)}`;
}

/** The two greatest units, e.g. `2h 5m` or `41s`; what is past is 0s. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const amounts = UNITS.map(([size, unit], index) => {
    const greater = UNITS[index - 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return { amount: Math.floor((seconds % greater) / size), unit };
  });
  const first = amounts.findIndex(({ amount }) => amount > 0);
  if (first < 0) return "0s";
  const shown = amounts.slice(first, first + 2).filter(({ amount }) => amount > 0);
  return shown.map(({ amount, unit }) => `${amount}${unit}`).join(" ");
}

/** To the second, in UTC. */
export function timeText(time: string): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `1 store`, `2 stores` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
