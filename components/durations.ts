import { durationMs } from "../config/values.ts";

/** Whole seconds of a Go duration, rounded up: Vault takes no fractions. */
export function seconds(duration: string): number {
  return Math.ceil(durationMs(duration) / 1_000);
}

/** A duration as Go prints it (`24h0m0s`), which is how Vault gives it back: written so, it never differs on refresh. */
export function goDuration(duration: string): string {
  const milliseconds = durationMs(duration);
  if (milliseconds > 0 && milliseconds < 1_000) return `${milliseconds}ms`;
  const minutes = Math.floor(milliseconds / 60_000);
  const rest = `${(milliseconds % 60_000) / 1_000}s`;
  if (minutes === 0) return rest;
  if (minutes < 60) return `${minutes}m${rest}`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`;
}
