import { z } from "zod";
import { type HttpAnswer, HttpClient } from "../shared/http.ts";
import type { ExporterSpec } from "./spec.ts";

/** A session is replaced when this part of its life is over, so that a login that fails once has time for another. */
const RENEW_AFTER = 0.7;

const loginAnswer = z.object({
  auth: z.object({ client_token: z.string().min(1), lease_duration: z.number() }),
});
const dataAnswer = z.object({ data: z.record(z.string(), z.unknown()) });
const errorAnswer = z.object({ errors: z.array(z.string()) });

interface Session {
  readonly token: string;
  /** By the clock of `performance.now()`. */
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

export interface Access {
  readonly spec: ExporterSpec["vault"];
  /** A token of the exporter's service account, to log in with. */
  readonly jwt: () => Promise<string>;
  /** Keeps a value out of all texts. */
  readonly hide: (value: string) => string;
  readonly timeoutMs: number;
  readonly caPem?: string;
}

/** The few requests to Vault that the exporter makes: as its own role, and some that take no login. */
export class ExporterVault {
  readonly #access: Access;
  readonly #http: HttpClient;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;

  constructor(access: Access) {
    this.#access = access;
    const { timeoutMs, caPem } = access;
    this.#http = new HttpClient({ timeoutMs, ...(caPem === undefined ? {} : { caPem }) });
  }

  /** What a node, or whoever answers at the address, says of itself; the status says what it is. */
  async health(address: string): Promise<HttpAnswer> {
    return this.#http.send({ method: "GET", url: `${bare(address)}/v1/sys/health` });
  }

  /** Where the leader is, as whoever answers knows it; empty where it knows of none. */
  async leaderAddress(): Promise<string> {
    const url = `${bare(this.#access.spec.address)}/v1/sys/leader`;
    const { json } = await this.#http.send({ method: "GET", url });
    return z.object({ leader_address: z.string() }).safeParse(json).data?.leader_address ?? "";
  }

  /** The `data` of what Vault tells anybody. */
  async readPublic(path: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#http.send({ method: "GET", url: urlOf(this.#access.spec.address, path) });
    const found = dataAnswer.safeParse(answer.json);
    if (answer.status === 200 && found.success) return found.data.data;
    throw refused(path, answer);
  }

  /** The answer's `data`; `undefined` where there is nothing. */
  async read(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const answer = await this.ask(path);
    if (answer.status === 404) return undefined;
    const found = dataAnswer.safeParse(answer.json);
    if (answer.status === 200 && found.success) return found.data.data;
    throw refused(path, answer);
  }

  /** Whatever Vault answers to a read. After a refusal another login is tried once: the session may have been revoked. */
  async ask(path: string, address = this.#access.spec.address): Promise<HttpAnswer> {
    const session = await this.#open();
    const answer = await this.#send(path, address, session);
    if (answer.status !== 403) return answer;
    if (this.#session === session) this.#session = undefined;
    return this.#send(path, address, await this.#open());
  }

  /** Ends the session; should that fail, it ends by itself. */
  async logout(): Promise<void> {
    if (this.#session === undefined) return;
    await this.#revoke(this.#session);
    this.#session = undefined;
  }

  /** One login at a time, whoever waits for it. */
  async #open(): Promise<Session> {
    const current = this.#session;
    const now = performance.now();
    if (current !== undefined && now < current.renewAtMs) return current;
    this.#opening ??= this.#login().finally(() => {
      this.#opening = undefined;
    });
    try {
      return await this.#opening;
    } catch (error) {
      if (current !== undefined && now < current.endsAtMs) return current;
      throw error;
    }
  }

  async #login(): Promise<Session> {
    const { spec, jwt, hide } = this.#access;
    const path = `auth/${spec.authMount}/login`;
    const body = { role: spec.role, jwt: hide(await jwt()) };
    const answer = await this.#http.send({ method: "POST", url: urlOf(spec.address, path), body });
    const parsed = loginAnswer.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw refused(path, answer);
    const { client_token: token, lease_duration: seconds } = parsed.data.auth;
    const before = this.#session;
    const now = performance.now();
    this.#session = {
      token: hide(token),
      renewAtMs: now + seconds * 1_000 * RENEW_AFTER,
      endsAtMs: now + seconds * 1_000,
    };
    if (before !== undefined) void this.#revoke(before);
    return this.#session;
  }

  #send(path: string, address: string, { token }: Session): Promise<HttpAnswer> {
    const headers = { "x-vault-request": "true", "x-vault-token": token };
    return this.#http.send({ method: "GET", url: urlOf(address, path), headers });
  }

  async #revoke({ token }: Session): Promise<void> {
    const headers = { "x-vault-token": token };
    const url = urlOf(this.#access.spec.address, "auth/token/revoke-self");
    await this.#http.send({ method: "POST", url, headers, body: {} }).catch(() => {});
  }
}

/** Vault's own words, of an answer that is no success. */
export function errorsOf({ json }: HttpAnswer): readonly string[] {
  const found = errorAnswer.safeParse(json);
  return found.success ? found.data.errors.map((text) => text.replaceAll(/\s+/g, " ").trim()) : [];
}

export function refused(path: string, answer: HttpAnswer): Error {
  const why = errorsOf(answer).join("; ") || "no reason given";
  return new Error(`Vault ${path}: status ${answer.status} (${why})`);
}

function urlOf(address: string, path: string): string {
  const [name = "", query] = path.split("?");
  const encoded = name.split("/").map(encodeURIComponent).join("/");
  return `${bare(address)}/v1/${encoded}${query === undefined ? "" : `?${query}`}`;
}

function bare(address: string): string {
  return address.replace(/\/+$/, "");
}
