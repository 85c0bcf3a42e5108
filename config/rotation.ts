import { z } from "zod";
import { CRON_FORM, isCron, isTimeZone, nearestTimeZone } from "./cron.ts";
import { NODE_IMAGE, nodeImage } from "./node-image.ts";
import { show } from "./problems.ts";
import { remoteKey, remoteProperty, shorthand } from "./remote-ref.ts";
import { providerSection } from "./rotation-providers.ts";
import { dnsLabel, duration, mapOf, mountPath, objectName, resourceUrl, section, text } from "./values.ts";

/** Of a CronJob's name: Kubernetes appends eleven characters to it for each Job. */
const MOST_CRONJOB_NAME = 52;

/** Begin the names of a key's two CronJobs. */
export const JOBS = { rotate: "rotate-", finish: "finish-" } as const;

const LONGEST_KEY = MOST_CRONJOB_NAME - JOBS.rotate.length;

const keyName = text((value) => dnsLabel.safeParse(value).success && value.length <= LONGEST_KEY, {
  allowed: `a DNS label of at most ${LONGEST_KEY} characters: it is part of a CronJob's name`,
  fix: "rename it, e.g. openai-llm",
});

const schedule = text(isCron, { allowed: CRON_FORM, fix: 'e.g. "0 3 * * 1", Mondays at three' });

const timeZone = text(isTimeZone, (value) => {
  const near = nearestTimeZone(value);
  return {
    allowed: "a name of the IANA time zone database, e.g. Europe/Berlin or Etc/UTC",
    fix: near === undefined ? "name a place's zone, e.g. Europe/Berlin; no offset" : `write ${near}`,
  };
});

/** Goes into a URL or a header. */
const providerId = text((value) => /^[\w.-]{1,128}$/.test(value), {
  allowed: "letters, digits, '_', '.' and '-', at most 128",
  fix: "take the identifier that the provider shows, e.g. proj_abc",
});

const key = section({
  /** `openai`, or one of `rotation.providers`. */
  provider: z.string(),
  /** API root of `openai`, for a proxy or a test. @default the provider's own */
  baseUrl: resourceUrl.optional(),
  /** Which of `vault.mounts` holds it. @default the only one */
  mount: mountPath.optional(),
  /** Where consumers read the key; other properties of that secret stay as they are. */
  path: remoteKey,
  property: remoteProperty,
  /** Five cron fields. A minute that is one number is moved within the hour by the key's name, so that not all keys rotate at once. */
  schedule,
  /** @default Etc/UTC */
  timeZone: timeZone.default("Etc/UTC"),
  /** How long the previous key stays valid after its successor was promoted. Too short, and consumers still use it when it is revoked. */
  overlap: duration("1m"),
  /** `path#property` of the credential that may create, list and revoke keys; in the same mount. */
  admin: shorthand.optional(),
  /** Provider-side project or organisation. */
  project: providerId.optional(),
  /** Begins the names of this key at the provider: `<name>-<environment>-<key>-<generation>`. Another name leaves the keys of the earlier one behind. */
  name: dnsLabel,
  /** Workloads that read their Secret only at start, in namespaces that read the key. @default none */
  restart: z
    .array(
      section({
        namespace: dnsLabel,
        kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]),
        name: objectName,
      }),
    )
    .default([]),
  /** How long consumers take to restart, or to read a changed file. @default 5m */
  rolloutTime: duration().default("5m"),
});

/** Provider keys that are replaced on a schedule. */
export const rotationSection = section({
  /** Where the CronJobs run; nothing else should. @default vault-rotation */
  namespace: dnsLabel.default("vault-rotation"),
  /** Runs the program, which comes from a ConfigMap: any Node 24. @default node:24-alpine of Docker Hub, by digest */
  image: nodeImage("would read every rotated key").default(NODE_IMAGE),
  /** Providers besides `openai`, by name. */
  providers: mapOf(dnsLabel, providerSection).default({}),
  keys: mapOf(keyName, key),
});

export type DeclaredRotation = z.output<typeof rotationSection>;
export type DeclaredKey = DeclaredRotation["keys"][string];

/** The provider that needs no description. */
export const BUILT_IN = "openai";

/** API root of the provider itself. */
export const OPENAI_URL = "https://api.openai.com/v1";

/** Below every mount: where rotators keep what no consumer may read. */
export const RESERVED = "rotation/";

/** The two things that overlap must leave time for besides refreshes: ESO's own retries and the kubelet's sync of mounted Secrets. */
export const PROPAGATION_SECONDS = 90;

/** How a place in KV is written in messages. */
export function placeText({ path, property }: { readonly path: string; readonly property: string }): string {
  return show(`${path}#${property}`);
}
