import type { ResourceRule } from "./resource.ts";

/**
 * Formats that nothing but a credential has. A guess by randomness is left out: digests, identifiers and certificates
 * look random too.
 */
const FORMATS: readonly (readonly [string, RegExp])[] = [
  ["a Vault token", /(?<![\w.])hv[sbr]\.[\w-]{20,}/],
  ["a private key", /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----/],
  ["a JSON Web Token", /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/],
  // Letters of both cases and digits: a name such as sk-learn-pipelines-and-friends has not all three.
  ["an API key (sk-...)", /(?<![\w-])sk-(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{20,}/],
  ["a Stripe key", /(?<!\w)[sr]k_live_[A-Za-z0-9]{16,}/],
  ["an AWS access key", /(?<![A-Za-z0-9])A(KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])/],
  ["a Google API key", /(?<![\w-])AIza[\w-]{35}(?![\w-])/],
  ["a GitHub token", /(?<!\w)(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})/],
  ["a GitLab token", /(?<![\w-])glpat-[\w-]{20,}/],
  ["a Slack token", /(?<![\w-])xox[abeprs]-[A-Za-z0-9-]{20,}/],
  ["a Pulumi access token", /(?<![\w-])pul-[0-9a-f]{40}(?!\w)/],
];

export const plainSecrets: ResourceRule = {
  name: "plain-secrets",
  description:
    "No input that is not marked secret looks like a credential; it would stand in the state as it is.",
  options: {},
  check({ props }) {
    return textsIn(props).flatMap(({ path, text }) => {
      const format = formatOf(text) ?? formatOf(decoded(text));
      if (format === undefined) return [];
      return [
        {
          found: `has what looks like ${format} in its plain input ${path} (value not shown)`,
          fix: "put the value into Vault and refer to it there, and revoke it: it has been in a program. Where it must pass, wrap it in pulumi.secret()",
        },
      ];
    });
  },
};

function formatOf(text: string): string | undefined {
  return FORMATS.find(([, pattern]) => pattern.test(text))?.[0];
}

const BASE64 = /[A-Za-z0-9+/]{24,}={0,2}/g;

/** What stands in a text in base64, as in a kubeconfig: one layer, each run for itself. */
function decoded(text: string): string {
  return [...text.matchAll(BASE64)].map(([run]) => Buffer.from(run, "base64").toString("latin1")).join("\n");
}

/** Every text below `value`, with the path to it. Only maps and lists are entered: assets are files, not inputs. */
function textsIn(value: unknown, path = ""): readonly { readonly path: string; readonly text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, `${path}[${index}]`));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    textsIn(inner, path === "" ? key : `${path}.${key}`),
  );
}

function isMap(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
