import type { Row } from "../../../audit/entry/access.ts";
import { answer } from "../../../cli/audit/answer.ts";
import type { Chunks } from "../../../cli/audit/log/bytes.ts";
import type { LogInput } from "../../../cli/audit/log/input.ts";
import type { LogReport, Narrowing } from "../../../cli/audit/log/source.ts";
import type { Query } from "../../../cli/audit/query/query.ts";

export const hashed = `hmac-sha256:${"5".repeat(64)}`;

/** The auth block of a workload's login with the kubernetes method, as Vault 1.21 writes it. */
export const llmStore = {
  display_name: "kubernetes-llm-vault-store",
  entity_id: "e7ba224e-65c1-d4fe-0959-c4971d26ec70",
  metadata: {
    role: "voyager-platform-llm",
    service_account_name: "vault-store",
    service_account_namespace: "llm",
  },
  policies: ["voyager-platform.llm.llm-gateway", "voyager-platform.session"],
  policy_results: { allowed: true },
};

export const userStore = {
  ...llmStore,
  display_name: "kubernetes-user-vault-store",
  metadata: {
    role: "voyager-platform-user",
    service_account_name: "vault-store",
    service_account_namespace: "user",
  },
};

export function operator(name: string, ...policies: readonly string[]) {
  return { display_name: name, policies, policy_results: { allowed: true } };
}

export interface VaultFields {
  readonly id?: string;
  readonly time?: string;
  readonly auth?: unknown;
  readonly error?: string;
  readonly operation?: string;
  readonly path?: string;
  readonly data?: unknown;
  readonly mountType?: string;
  /** Of the answer; a request's entry when absent. */
  readonly response?: unknown;
}

/** One line of a Vault audit device, fields in Vault's order. */
export function vaultLine(fields: VaultFields): string {
  return JSON.stringify({
    auth: fields.auth ?? llmStore,
    error: fields.error,
    request: {
      client_token: `hmac-sha256:${"4".repeat(64)}`,
      data: fields.data,
      id: fields.id ?? "cc4a93c7-33ee-7ebc-82b9-b572a2a9e6eb",
      mount_type: fields.mountType ?? "kv",
      namespace: { id: "root" },
      operation: fields.operation ?? "read",
      path: fields.path ?? "kv/data/llm/openai",
      remote_address: "10.0.0.7",
    },
    response: fields.response,
    time: fields.time ?? "2026-11-24T03:23:40.358411276Z",
    type: fields.response === undefined ? "request" : "response",
  });
}

/** The answer to a read of a KV path. */
export const kvAnswer = {
  data: { data: { api_key: hashed }, metadata: { created_time: hashed, version: 2 } },
};

export interface KubernetesFields {
  readonly id?: string;
  readonly time?: string;
  readonly written?: string;
  readonly stage?: string;
  readonly verb?: string;
  readonly user?: string;
  readonly impersonated?: string;
  /** Whose token the user came with. */
  readonly pod?: string;
  readonly object?: unknown;
  readonly code?: number;
}

/** One event of a Kubernetes audit log at level Metadata. */
export function kubernetesLine(fields: KubernetesFields): string {
  const time = fields.time ?? "2026-11-24T03:25:32.896802Z";
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: fields.id ?? "76105392-97d9-4a0c-ba07-159a72685133",
    stage: fields.stage ?? "ResponseComplete",
    verb: fields.verb ?? "get",
    user: {
      username: fields.user ?? "carol",
      groups: ["system:authenticated"],
      extra: fields.pod === undefined ? undefined : { "authentication.kubernetes.io/pod-name": [fields.pod] },
    },
    impersonatedUser: fields.impersonated === undefined ? undefined : { username: fields.impersonated },
    sourceIPs: ["6.6.6.6", "10.0.0.9"],
    objectRef: fields.object ?? {
      resource: "secrets",
      namespace: "llm",
      name: "openai-api-key",
      apiVersion: "v1",
    },
    responseStatus:
      fields.stage === "RequestReceived" ? undefined : { metadata: {}, code: fields.code ?? 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: fields.written ?? time,
  });
}

/** A log of these lines, each with an end of line. */
export function log(name: string, lines: readonly string[], firstMs = Number.NEGATIVE_INFINITY): LogInput {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return { name, sizeBytes: bytes.length, firstMs, open: () => inChunks(bytes, 100) };
}

export async function* inChunks(bytes: Buffer, size: number): Chunks {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All rows of a query. */
export async function rowsOf(
  inputs: readonly LogInput[],
  query: Query,
  narrowing: Narrowing = {},
  reports: LogReport[] = [],
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of answer(inputs, query, narrowing, reports)) rows.push(row);
  return rows;
}

/** Every access, plainly. */
export const everything: Query = { noun: "request", clauses: [], keep: () => [] };
