import { z } from "zod";
import { admissionSection } from "./admission.ts";
import { cidr, dnsLabel, duration, objectName, section, text } from "./values.ts";

const source = text((value) => /^https:\/\/\S+$/.test(value) || /^(\.{0,2}\/)\S+$/.test(value), {
  allowed: "an https:// address, or a path that begins with / or ./",
  fix: "e.g. https://charts.external-secrets.io",
});

const version = text((value) => /^\d+\.\d+\.\d+$/.test(value), {
  allowed: "an exact version, e.g. 0.20.4",
  fix: "name one release: a range would change the operator without a diff",
});

const sha256 = text((value) => /^[0-9a-f]{64}$/.test(value), {
  allowed: "64 hexadecimal digits",
  fix: "the output of: curl -sSL <source> | sha256sum",
});

const networks = z.array(cidr).default([]);

/** Where the operator's pods may connect to; mode `managed` only, and enforced by the cluster's network plugin. */
const network = section({
  /** Vault, as the pods reach it; its port is that of `vault.address`. @default [], any address on that port */
  vaultCidrs: networks,
  /**
   * The API server: its service address and its own, since plugins look at the one or the other. Ports are 443 and that of
   * `kubernetes.apiAddress`. @default [], any address on these ports
   */
  apiServerCidrs: networks,
  /** Name servers, on port 53. @default [], any address on that port */
  dnsCidrs: networks,
}).default({ vaultCidrs: [], apiServerCidrs: [], dnsCidrs: [] });

/** The External Secrets Operator. */
export const externalSecretsSection = section({
  /** `managed`: this stack installs it. `existing`: it is there already and only stores and secrets are ours. */
  mode: z.enum(["managed", "existing"]).default("managed"),
  /** @default vault */
  namespace: dnsLabel.default("vault"),
  /** Service account that the operator runs as; it alone may mint the stores' tokens. @default external-secrets */
  serviceAccount: objectName.default("external-secrets"),
  chart: section({
    /** Chart repository, or a folder that holds the chart. */
    source: source.default("https://charts.external-secrets.io"),
    version,
  }),
  /** The custom resource definitions, installed apart from the chart so that its removal cannot take the stores along. */
  crds: section({
    /** Address or path of the release's `bundle.yaml`. @default the chart version's own, in the project's repository */
    source: source.optional(),
    sha256,
  }),
  /** @default 2 */
  replicas: z.int().min(1).max(10).default(2),
  /** ExternalSecrets reconciled at once. Measured: 300 in 33 s at 1, in 12 s at 20 with clientQps 200. @default 20 */
  concurrency: z.int().min(1).max(200).default(20),
  /** Requests per second that the operator may send to the API server. @default 200 */
  clientQps: z.int().min(1).default(200),
  /** @default 400 */
  clientBurst: z.int().min(1).default(400),
  readiness: section({
    /** `require`: an ExternalSecret that does not become Ready fails `up`. `report`: it is named in a warning. */
    mode: z.enum(["require", "report"]).default("require"),
    /** How long to wait for all of them. @default 2m */
    timeout: duration("1s").default("2m"),
  }).default({ mode: "require", timeout: "2m" }),
  admission: admissionSection,
  network,
});
