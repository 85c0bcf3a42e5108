import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readinessApi } from "../../../components/external-secrets/readiness-api.ts";

const EXTERNAL_SECRETS = "/apis/external-secrets.io/v1/namespaces/llm/externalsecrets";

const answers: Readonly<Record<string, unknown>> = {
  [EXTERNAL_SECRETS]: { items: [{ metadata: { name: "a" } }] },
  "/api/v1/namespaces/llm/events": {
    items: [
      warning("newer", "2026-01-02T00:00:00Z"),
      warning("older", "2026-01-01T00:00:00Z"),
      // The rotator's: the time of a series' events alone, with microseconds.
      ofStore({ message: "newer of the store", eventTime: "2026-01-02T00:00:00.000000Z" }),
      ofStore({ message: "older of the store", lastTimestamp: "2026-01-01T00:00:00Z" }),
    ],
  },
};

const asked: { readonly request: IncomingMessage; readonly url: URL; readonly body: string }[] = [];

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "", "http://127.0.0.1");
  asked.push({ request, url, body: await text(request) });
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answers[url.pathname] ?? {}));
});

function ofStore(event: Readonly<Record<string, string>>) {
  return { metadata: {}, involvedObject: { kind: "SecretStore", name: "a" }, ...event };
}

function warning(message: string, lastTimestamp: string) {
  return { metadata: {}, involvedObject: { kind: "ExternalSecret", name: "a" }, message, lastTimestamp };
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const file = join(await mkdtemp(join(tmpdir(), "kubeconfig-")), "config");
  const kubeconfig = {
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "u", user: {} }],
    contexts: [
      { name: "other", context: { cluster: "none", user: "u" } },
      { name: "test", context: { cluster: "c", user: "u" } },
    ],
    "current-context": "other",
  };
  await writeFile(file, JSON.stringify(kubeconfig));
  vi.stubEnv("KUBECONFIG", file);
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

it("lists this stack's objects of the declared context", async () => {
  expect(await readinessApi("test", "dev").list("ExternalSecret", "llm")).toEqual([
    { metadata: { name: "a" } },
  ]);
  const { url } = asked.at(-1) ?? {};
  expect(url?.pathname).toBe(EXTERNAL_SECRETS);
  expect(url?.searchParams.get("labelSelector")).toBe(
    "app.kubernetes.io/managed-by=vault-management,vault-management/environment=dev",
  );
});

it("nudges by ESO's annotation and nothing else, as a field manager of its own", async () => {
  await readinessApi("test", "dev").nudge("SecretStore", "llm", "vault-store");
  const { request, url, body } = asked.at(-1) ?? {};
  expect([request?.method, url?.pathname]).toEqual([
    "PATCH",
    "/apis/external-secrets.io/v1/namespaces/llm/secretstores/vault-store",
  ]);
  expect(request?.headers["content-type"]).toBe("application/merge-patch+json");
  expect(url?.searchParams.get("fieldManager")).toBe("vault-management-readiness");
  expect(JSON.parse(body ?? "")).toEqual({
    metadata: { annotations: { "force-sync": expect.stringMatching(/^\d+$/) } },
  });
});

it("gives the newest warning about each object, whichever time an event has", async () => {
  expect(await readinessApi("test", "dev").warnings("llm")).toEqual(
    new Map([
      ["ExternalSecret/a", "newer"],
      ["SecretStore/a", "newer of the store"],
    ]),
  );
  expect(asked.at(-1)?.url.searchParams.get("fieldSelector")).toBe("type=Warning");
});
