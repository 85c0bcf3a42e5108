/** A value that a parameter may have, compared by Vault as it stands: lists in their order, maps with all their keys. */
export type ParameterValue = string | boolean | readonly string[] | Readonly<Record<string, string>>;

/** Parameter -> values of it; any value where the list is empty. Where some are allowed, one that is not named is refused. */
export type Parameters = Readonly<Record<string, readonly ParameterValue[]>>;

/** `deny` wins over whatever another block or policy grants at exactly that path. */
export type Capability = "create" | "read" | "update" | "patch" | "delete" | "list" | "sudo" | "deny";

/** What a policy grants at one path; `path` without `/v1/`. */
export interface Grant {
  readonly path: string;
  readonly capabilities: readonly Capability[];
  /** What a writing request may carry. @default anything */
  readonly allowed?: Parameters;
  /** What it may not: Vault 1.21 takes an empty text or list for allowed whatever is. @default nothing */
  readonly denied?: Parameters;
  /** What it must carry; for paths that are only written, since Vault asks for it in reads as well. @default nothing */
  readonly required?: readonly string[];
}

/** One `path` block of a policy, in HCL: Vault's JSON form of policies loses parameters' values. */
export function policyBlock({ path, capabilities, allowed, denied, required }: Grant): string {
  return [
    `path ${text(path)} {`,
    `  capabilities = ${value(capabilities)}`,
    ...(allowed === undefined ? [] : parameters("allowed", allowed)),
    ...(denied === undefined ? [] : parameters("denied", denied)),
    ...(required === undefined ? [] : [`  required_parameters = ${value(required)}`]),
    "}\n",
  ].join("\n");
}

/** A policy's text: a comment that says whose it is, then a block for each grant. */
export function policyText(heading: string, grants: readonly Grant[]): string {
  return [`# ${heading}\n`, ...grants.map(policyBlock)].join("\n");
}

function parameters(which: "allowed" | "denied", named: Parameters): readonly string[] {
  const lines = Object.entries(named).map(
    ([name, values]) => `    ${text(name)} = [${values.map(value).join(", ")}]`,
  );
  return [`  ${which}_parameters = {`, ...lines, "  }"];
}

function value(one: ParameterValue): string {
  if (typeof one === "boolean") return String(one);
  if (typeof one === "string") return text(one);
  if (Array.isArray(one)) return `[${one.map(text).join(", ")}]`;
  return `{${Object.entries(one)
    .map(([key, inner]) => `${text(key)} = ${text(inner)}`)
    .join(", ")}}`;
}

/** HCL's quoted texts know JSON's escapes. */
function text(plain: string): string {
  return JSON.stringify(plain);
}
