import { z } from "zod";
import { type HttpAnswer, HttpClient, type HttpMethod, NoAnswerError } from "../shared/http.ts";
import { RotationError } from "./errors.ts";
import { retrying } from "./retry.ts";
import type { Limits, RotationSpec } from "./spec.ts";

export interface KvSecret {
  readonly mount: string;
  readonly path: string;
}

/** The newest version of a KV v2 secret. `version` is 0 where there is none, and what check-and-set is to name. */
export interface Slot {
  readonly version: number;
  /** `undefined` where `gone` says why. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly gone?: "absent" | "deleted" | "destroyed";
  /** When that version was made, by Vault's clock. */
  readonly createdTime?: string;
  /** When Vault deletes that version by itself; absent where it does not. */
  readonly vanishesAt?: string;
}

export interface Written {
  readonly version: number;
  readonly createdTime: string;
  readonly vanishesAt?: string;
}

/** Somebody else's version is there. */
export class CheckAndSetError extends Error {}

const written = z.object({ version: z.int(), created_time: z.string(), deletion_time: z.string() });
const metadata = written.extend({ destroyed: z.boolean() });
const slotAnswer = z.object({
  data: z.object({ data: z.record(z.string(), z.unknown()).nullable(), metadata }),
});
const writeAnswer = z.object({ data: written });
const loginAnswer = z.object({ auth: z.object({ client_token: z.string().min(1) }) });
const errorAnswer = z.object({ errors: z.array(z.string()) });

/** The few requests to Vault that a rotation makes, as its own role. */
export class RotationVault {
  readonly #address: string;
  readonly #http: HttpClient;
  readonly #retrySeconds: number;
  #token: string | undefined;
  /** Vault's time when it last answered, roughly: good for deciding that there is nothing to do, and for nothing else. */
  roughNow: Date | undefined;

  constructor({ address }: RotationSpec["vault"], limits: Limits, caPem?: string) {
    this.#address = address.replace(/\/+$/, "");
    this.#retrySeconds = limits.retry;
    this.#http = new HttpClient({
      timeoutMs: limits.request * 1_000,
      ...(caPem === undefined ? {} : { caPem }),
    });
  }

  /** Logs in with a service account's token; gives the session's own token, to be kept out of all texts. */
  async login({ authMount, role }: RotationSpec["vault"], jwt: string): Promise<string> {
    const path = `auth/${authMount}/login`;
    const answer = await this.#send("POST", path, { role, jwt });
    if (answer.status !== 200) {
      throw refused(
        "POST",
        path,
        answer,
        `a login of this service account by the role "${role}"`,
        "deploy the stack, which makes the role and binds it to this service account",
      );
    }
    this.#token = loginAnswer.parse(answer.json).auth.client_token;
    return this.#token;
  }

  /** Ends the session; should that fail, it ends by itself. */
  async logout(): Promise<void> {
    if (this.#token === undefined) return;
    await this.#once("POST", "auth/token/revoke-self", {}).catch(() => {});
    this.#token = undefined;
  }

  async read(secret: KvSecret): Promise<Slot> {
    const path = dataPath(secret);
    const answer = await this.#send("GET", path);
    const found = slotAnswer.safeParse(answer.json);
    if (answer.status === 404) return found.success ? goneSlot(found.data.data.metadata) : absent;
    if (answer.status !== 200 || !found.success) throw unexpected("GET", path, answer);
    const { data, metadata: about } = found.data.data;
    if (data === null) return goneSlot(about);
    return { ...writtenOf(about), data };
  }

  /** @throws CheckAndSetError when the newest version is not `version` */
  async write(secret: KvSecret, version: number, data: Readonly<Record<string, unknown>>): Promise<Written> {
    const path = dataPath(secret);
    const answer = await this.#send("POST", path, { options: { cas: version }, data });
    if (answer.status === 400 && errorsOf(answer).some((text) => text.includes("check-and-set"))) {
      throw new CheckAndSetError(`${path} has another version than ${version}`);
    }
    const parsed = writeAnswer.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected("POST", path, answer);
    return writtenOf(parsed.data.data);
  }

  /** Changes a secret's custom metadata. Tried once: nothing waits for it. */
  async describe({ mount, path }: KvSecret, custom: Readonly<Record<string, string | null>>): Promise<void> {
    const target = `${mount}/metadata/${path}`;
    const answer = await this.#once("PATCH", target, { custom_metadata: custom });
    if (answer.status >= 300) throw unexpected("PATCH", target, answer);
  }

  /** Again while Vault has no leader or is failing. A write may then have been carried out already: its check-and-set tells. */
  #send(method: HttpMethod, path: string, body?: unknown): Promise<HttpAnswer> {
    return retrying(this.#retrySeconds, async () => {
      try {
        const answer = await this.#once(method, path, body);
        if (!passing(answer)) return { done: answer };
        return { last: () => answer };
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        return {
          last: () => {
            throw unreachable(this.#address, error);
          },
        };
      }
    });
  }

  async #once(method: HttpMethod, path: string, body?: unknown): Promise<HttpAnswer> {
    const url = `${this.#address}/v1/${path.split("/").map(encodeURIComponent).join("/")}`;
    const headers = {
      "x-vault-request": "true",
      ...(method === "PATCH" ? { "content-type": "application/merge-patch+json" } : {}),
      ...(this.#token === undefined ? {} : { "x-vault-token": this.#token }),
    };
    const answer = await this.#http.send({ method, url, headers, body });
    const date = Date.parse(answer.headers.date ?? "");
    // It comes without its fraction: better to look in vain than to overlook what has just fallen due.
    if (!Number.isNaN(date)) this.roughNow = new Date(date + 999);
    return answer;
  }
}

const absent: Slot = { version: 0, gone: "absent" };

function goneSlot({ version, destroyed, created_time }: z.output<typeof metadata>): Slot {
  return { version, gone: destroyed ? "destroyed" : "deleted", createdTime: created_time };
}

function writtenOf({ version, created_time, deletion_time }: z.output<typeof written>): Written {
  return {
    version,
    createdTime: created_time,
    ...(deletion_time === "" ? {} : { vanishesAt: deletion_time }),
  };
}

export function dataPath({ mount, path }: KvSecret): string {
  return `${mount}/data/${path}`;
}

/** Somebody set `delete_version_after`: what consumers, or the next run, have to find would be gone some day. */
export function refuseVanishing(
  slot: string,
  { mount, path }: KvSecret,
  { version, vanishesAt }: Pick<Written, "version" | "vanishesAt">,
): void {
  if (vanishesAt === undefined) return;
  throw new RotationError("conflict", {
    field: `${slot} slot ${mount}/${path}`,
    found: `version ${version}, which Vault deletes at ${vanishesAt} (delete_version_after)`,
    allowed: "versions that stay",
    fix:
      `vault kv metadata put -mount=${mount} -delete-version-after=0s ${path} (or take it off the mount's config), then ` +
      `write what is there once more: vault kv rollback -mount=${mount} -version=${version} ${path}; the next run goes on`,
  });
}

/** Whether Vault may answer otherwise in a moment: redirects and 5xx when it has no leader, 429 by a quota. */
function passing(answer: HttpAnswer): boolean {
  const { status } = answer;
  const leadLost = errorsOf(answer).some((text) => text.includes("node is not the leader"));
  return (status >= 300 && status < 400) || status === 429 || status >= 500 || leadLost;
}

function errorsOf({ json }: HttpAnswer): readonly string[] {
  const found = errorAnswer.safeParse(json);
  return found.success ? found.data.errors.map((text) => text.replaceAll(/\s+/g, " ").trim()) : [];
}

function unexpected(method: HttpMethod, path: string, answer: HttpAnswer): RotationError {
  const { status } = answer;
  if (status === 403) {
    return refused(
      method,
      path,
      answer,
      "a token that may",
      "deploy the stack, which writes this rotation's policy",
    );
  }
  return refused(method, path, answer, "an answer of KV v2", "see that Vault is up and the mount is KV v2");
}

function refused(
  method: HttpMethod,
  path: string,
  answer: HttpAnswer,
  allowed: string,
  fix: string,
): RotationError {
  const why = errorsOf(answer).join("; ") || "no reason given";
  return new RotationError("platform", {
    field: `Vault ${method} ${path}`,
    found: `status ${answer.status} (${why})`,
    allowed,
    fix,
  });
}

function unreachable(address: string, cause: NoAnswerError): RotationError {
  return new RotationError(
    "platform",
    {
      field: "vault.address",
      found: `${address}, where ${cause.message}`,
      allowed: "a Vault that answers",
      fix: "see that Vault is up, reachable from this pod, and its CA trusted; the next run goes on",
    },
    { cause },
  );
}
