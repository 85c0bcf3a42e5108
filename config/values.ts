import { z } from "zod";
import type { Rule } from "./problems.ts";

/** A map that refuses unknown keys and, when it does, says which keys it knows. */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined),
  });
}

/** A map of names to values, with the problems of its names and of its values reported together. */
export function mapOf<Value extends z.ZodType>(name: z.ZodType<string>, value: Value) {
  return z.record(z.string(), value).superRefine(
    (map, context) => {
      for (const key of Object.keys(map)) {
        for (const issue of name.safeParse(key).error?.issues ?? []) {
          context.addIssue({
            code: "invalid_key",
            origin: "record",
            issues: [issue],
            input: key,
            path: [key],
          });
        }
      }
    },
    // Names are judged even where a value is wrong; zod would stop at the first of the two.
    { when: (payload) => typeof payload.value === "object" && payload.value !== null },
  );
}

/** A text that must pass `test`; `rule` is what the message says when it does not. */
export function text(test: (value: string) => boolean, rule: Rule | ((value: string) => Rule)) {
  return z.string().superRefine((value, context) => {
    if (test(value)) return;
    const params = typeof rule === "function" ? rule(value) : rule;
    context.addIssue({ code: "custom", params: { ...params } });
  });
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** RFC 1123 label, what Kubernetes asks of a namespace (object names of `metadata/names`). */
export const dnsLabel = text((value) => DNS_LABEL.test(value), {
  allowed:
    "a DNS label: lower-case letters, digits and '-', at most 63, starting and ending with a letter or digit",
  fix: "rename it, e.g. my-name",
});

const LABEL_NAME = /^[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;

/** A label's key: a name, perhaps with a DNS name before it (Kubernetes' labels and selectors). */
export const labelKey = text((value) => isLabelKey(value), {
  allowed: "a label's key: [<dns name>/]<name>, the name at most 63 letters, digits, '-', '_' and '.'",
  fix: "e.g. release, or monitoring.example.com/scope",
});

function isLabelKey(value: string): boolean {
  const [name = "", prefix, ...more] = value.split("/").toReversed();
  const named = prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix));
  return LABEL_NAME.test(name) && named && more.length === 0;
}

export const labelValue = text((value) => value === "" || LABEL_NAME.test(value), {
  allowed:
    "a label's value: at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
  fix: "write what the selector asks for, e.g. kube-prometheus-stack",
});

/** RFC 1123 subdomain of at most 253 characters, what Kubernetes asks of most object names. */
export const objectName = text((value) => value.length <= 253 && DNS_SUBDOMAIN.test(value), {
  allowed:
    "a Kubernetes name: lower-case letters, digits, '-' and '.', at most 253, starting and ending with a letter or digit",
  fix: "rename it, e.g. openai-api-key",
});

/** A key of a Kubernetes Secret's data; it becomes a file's name, so none that climbs out of its folder. */
export const secretKey = text((value) => /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(value), {
  allowed: "letters, digits, '-', '_' and '.', at most 253; not '.' and not beginning with '..'",
  fix: "rename the key, e.g. api_key",
});

const UNIT_MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

/** Milliseconds of a Go duration such as `1h30m`; `NaN` when it is none. */
export function durationMs(value: string): number {
  if (!DURATION.test(value)) return Number.NaN;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MILLISECONDS[unit ?? ""] ?? Number.NaN),
    0,
  );
}

/** A duration as people write it: whole seconds, minutes or hours where it is. */
export function durationText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), "h"],
    [Math.floor((seconds % 3_600) / 60), "m"],
    [seconds % 60, "s"],
  ] as const;
  return parts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount}${unit}`])).join("") || "0s";
}

/** A Go duration as Vault and ESO take it, at least `minimum`. */
export function duration(minimum = "0s") {
  return text((value) => durationMs(value) >= durationMs(minimum), {
    allowed: `a Go duration of at least ${minimum}, e.g. 30s, 15m, 1h30m (units ms, s, m, h; no spaces)`,
    fix: "write number and unit together, e.g. 1h",
  });
}

/** `https://host[:port]`; plain http only to loopback, where nobody else can listen in. */
export const serverUrl = text(isServerUrl, {
  allowed: "https://host[:port] without a path; http:// only to 127.0.0.1, [::1] or localhost",
  fix: "use the server's https address",
});

/** As {@link serverUrl}, with a path allowed: issuers and key sets have one. */
export const resourceUrl = text(isResourceUrl, {
  allowed:
    "an https:// address without user, query or fragment; http:// only to 127.0.0.1, [::1] or localhost",
  fix: "use the https address, e.g. https://issuer.example.com/cluster",
});

function isServerUrl(value: string): boolean {
  return isResourceUrl(value) && new URL(value).pathname === "/";
}

function isResourceUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  const scheme = url.protocol === "https:" || (url.protocol === "http:" && loopback);
  return scheme && [url.search, url.hash, url.username, url.password].every((part) => part === "");
}

/** PEM certificates, as text in the stack file (they are public). */
export const pemCertificates = text(
  (value) =>
    /^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/.test(value) &&
    !value.includes("PRIVATE KEY"),
  {
    allowed: "PEM text, -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
    fix: "paste the CA certificate as a YAML block (|); never a private key",
  },
);

/** PEM public keys, as text in the stack file. */
export const pemPublicKey = text(
  (value) =>
    /^\s*-----BEGIN PUBLIC KEY-----[\s\S]+-----END PUBLIC KEY-----\s*$/.test(value) &&
    !value.includes("PRIVATE KEY"),
  {
    allowed: "PEM text, -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----",
    fix: "paste the public half of the service-account signing key",
  },
);

/** A path where Vault mounts an engine or an auth method: segments without slashes around them. */
export const mountPath = text(
  (value) => /^[a-zA-Z0-9][\w-]*(\/[a-zA-Z0-9][\w-]*)*$/.test(value) && !isKvDataPath(value),
  (value) =>
    isKvDataPath(value)
      ? {
          allowed: "the mount itself; KV version 2 adds data/ and metadata/ to requests on its own",
          fix: `write ${value.replace(/\/(data|metadata)$/, "")} instead of ${value}`,
        }
      : {
          allowed: "letters, digits, '_', '-' and inner '/', no slash at either end",
          fix: "name the mount, e.g. kv",
        },
);

/** `kv/data` or `kv/metadata`: a request path of KV version 2, taken for the mount. */
function isKvDataPath(value: string): boolean {
  return /\/(data|metadata)$/.test(value);
}

/** An IPv4 or IPv6 network, e.g. `10.20.0.0/16`. */
export const cidr = text(
  (value) => z.cidrv4().safeParse(value).success || z.cidrv6().safeParse(value).success,
  {
    allowed: "a network in CIDR form, e.g. 10.20.0.0/16 or 2001:db8::/48",
    fix: "append the prefix length, e.g. /32 for one address",
  },
);
