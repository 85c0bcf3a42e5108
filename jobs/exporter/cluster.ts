import { z } from "zod";
import type { LiveObject } from "../../components/external-secrets/judgement.ts";
import { HttpClient, type HttpMethod } from "../shared/http.ts";
import { clusterConnection } from "../shared/pod.ts";
import type { ExporterSpec } from "./spec.ts";

/** The least that Kubernetes issues. */
const TOKEN_SECONDS = 600;
/** Of one page of a list. */
const MOST_OBJECTS = 500;

const tokenAnswer = z.object({ status: z.object({ token: z.string().min(1) }) });
const apiStatus = z.object({ message: z.string().optional() });
const cronJobAnswer = z.object({ metadata: z.object({ creationTimestamp: z.string() }) });
const listAnswer = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })),
});

/** The few requests to the Kubernetes API that the exporter makes, as its own service account. */
export class ExporterCluster {
  readonly #env: NodeJS.ProcessEnv;
  readonly #timeoutMs: number;

  constructor(env: NodeJS.ProcessEnv, timeoutMs: number) {
    this.#env = env;
    this.#timeoutMs = timeoutMs;
  }

  /** A token of the exporter's own account for Vault. */
  async ownToken({ namespace, serviceAccount }: ExporterSpec["account"], audiences: readonly string[]) {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences, expirationSeconds: TOKEN_SECONDS },
    };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    return tokenAnswer.parse(await this.#ask("POST", path, body)).status.token;
  }

  /** Every ExternalSecret or SecretStore of a namespace. */
  async list(
    resource: "externalsecrets" | "secretstores",
    namespace: string,
  ): Promise<readonly LiveObject[]> {
    const found: LiveObject[] = [];
    let page = "";
    do {
      const path = `/apis/external-secrets.io/v1/namespaces/${namespace}/${resource}?limit=${MOST_OBJECTS}${page}`;
      const { metadata, items } = listAnswer.parse(await this.#ask("GET", path));
      found.push(...(items as readonly LiveObject[]));
      page = metadata.continue ? `&continue=${encodeURIComponent(metadata.continue)}` : "";
    } while (page !== "");
    return found;
  }

  /** When a CronJob was made, RFC 3339. */
  async cronJobCreated(namespace: string, name: string): Promise<string> {
    const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`;
    return cronJobAnswer.parse(await this.#ask("GET", path)).metadata.creationTimestamp;
  }

  /** Each time with the files as they are: the kubelet replaces the token. */
  async #ask(method: HttpMethod, path: string, body?: unknown): Promise<unknown> {
    const { address, caPem, token } = await clusterConnection(this.#env);
    const http = new HttpClient({ timeoutMs: this.#timeoutMs, caPem });
    const headers = { authorization: `Bearer ${token}` };
    const { status, json } = await http.send({ method, url: `${address}${path}`, body, headers });
    if (status < 300) return json;
    const message = apiStatus.safeParse(json).data?.message ?? "no reason given";
    throw new Error(`Kubernetes ${method} ${path}: status ${status} (${message})`);
  }
}
