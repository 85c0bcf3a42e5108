import { type Access, type Fields, fields } from "./access.ts";
import { isKubernetesEvent, kubernetesAccess } from "./kubernetes.ts";
import { isVaultEntry, vaultAccess } from "./vault.ts";

export type LogKind = "vault" | "kubernetes";

export interface ParsedLine {
  /** Absent for JSON that is no audit entry, such as a line of a server's own log. */
  readonly entry?: { readonly access: Access; readonly raw: Fields };
  /** The line begins with a part of another one, which a crash cut off. */
  readonly torn: boolean;
}

/** Where entries begin; the fields of Vault's stand in this order (its package audit, types.go). */
const BEGINNINGS = ['{"auth":', '{"error":', '{"request":', '{"kind":"Event"'];

/** One line of a log. After a crash, the next entry may stand on the line that was cut off: it is found there. */
export function parseLine(line: string): ParsedLine {
  const whole = parseObject(line);
  if (whole !== undefined) return { ...entryOf(whole), torn: false };
  for (const at of beginnings(line)) {
    const rest = parseObject(line.slice(at));
    if (rest !== undefined) return { ...entryOf(rest), torn: true };
  }
  return { torn: true };
}

/** Which log an object is an entry of. */
export function kindOf(raw: Fields): LogKind | undefined {
  if (isVaultEntry(raw)) return "vault";
  return isKubernetesEvent(raw) ? "kubernetes" : undefined;
}

function entryOf(raw: Fields): Pick<ParsedLine, "entry"> {
  const kind = kindOf(raw);
  if (kind === undefined) return {};
  return { entry: { access: kind === "vault" ? vaultAccess(raw) : kubernetesAccess(raw), raw } };
}

/** Positions after the first at which an entry may begin, in order; at most 16, for each may cost a parse of the rest. */
function beginnings(line: string): readonly number[] {
  const found = BEGINNINGS.flatMap((text) => {
    const positions: number[] = [];
    for (let at = line.indexOf(text, 1); at > 0 && positions.length < 16; at = line.indexOf(text, at + 1)) {
      positions.push(at);
    }
    return positions;
  });
  return found.toSorted((a, b) => a - b).slice(0, 16);
}

/** The JSON object in a text, or undefined. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? fields(value) : undefined;
  } catch {
    return undefined;
  }
}
