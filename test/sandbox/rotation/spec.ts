import type { RotationSpec } from "../../../jobs/rotator/spec.ts";
import { AUTH_MOUNT, MOUNT, NAMESPACE } from "./ground.ts";
import type { Proxies } from "./proxy.ts";

export interface CaseOptions {
  readonly overlapSeconds?: number;
  readonly limits?: RotationSpec["limits"];
  /** @default one ExternalSecret of a real ESO */
  readonly consumers?: number;
  /** @default none */
  readonly restarts?: number;
  readonly provider?: RotationSpec["provider"];
  /** Path of the admin credential. @default the one that all cases share */
  readonly admin?: string;
  /** What is live at first. @default "generation 1", made by the rotator, as the state says */
  readonly start?: "generation 1" | "operator's key" | "nothing";
}

/** What a rotator is told that reaches everything by these addresses. */
export function specOf(id: string, addresses: Proxies["addresses"], options: CaseOptions): RotationSpec {
  const { overlapSeconds = 1, limits, consumers = 1, restarts = 0, provider, admin = "admin" } = options;
  return {
    environment: "test",
    key: id,
    vault: { address: addresses.vault, authMount: AUTH_MOUNT, role: id, audiences: ["vault"] },
    account: { namespace: NAMESPACE, serviceAccount: `rotator-${id}` },
    live: { mount: MOUNT, path: `live/${id}`, property: "api_key" },
    state: { mount: MOUNT, path: `rotation/${id}` },
    admin: { mount: MOUNT, path: admin, property: "api_key" },
    provider: provider ?? { kind: "openai", baseUrl: `${addresses.provider}/v1` },
    project: `proj_${id}`,
    namePrefix: `gateway-test-${id}`,
    overlapSeconds,
    consumers: Array.from({ length: consumers }, (_, index) => ({
      namespace: NAMESPACE,
      externalSecret: index === 0 ? id : `${id}-${index + 1}`,
    })),
    restarts: Array.from({ length: restarts }, (_, index) => ({
      namespace: NAMESPACE,
      kind: "Deployment",
      name: `${id}-${index + 1}`,
    })),
    // A request may be held until another run has come and gone; ESO has many keys to sync on a machine with other work.
    limits: { request: 120, retry: 3, test: 2, sync: 120, ...limits },
  };
}

/** A workload that reads its Secret only at start. */
export function deployment(name: string) {
  const labels = { app: name };
  const containers = [{ name: "main", image: "docker.io/library/node:24" }];
  return {
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
