import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { externalSecretManifests } from "../../../components/external-secrets/external-secret.ts";
import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import { awaitReadiness } from "../../../components/external-secrets/readiness.ts";
import type { ReadinessApi } from "../../../components/external-secrets/readiness-api.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsWith } from "../arbitrary-settings.ts";

const storeIds = { llm: pulumi.output("llm/vault-store"), user: pulumi.output("user/vault-store") };

function waiting(mode: "require" | "report", timeout = "1s"): Settings {
  return settingsWith(["externalSecrets", "readiness"], { mode, timeout });
}

const settings = waiting("require");
const [namespace] = settings.namespaces;
if (!namespace) throw new Error("the dev stack declares no namespace");
const [manifest] = externalSecretManifests(settings, namespace);

const readyStore: LiveObject = {
  metadata: { name: "vault-store" },
  status: { conditions: [{ type: "Ready", status: "True" }] },
};

function secret(status: "True" | "False", message = ""): LiveObject {
  return {
    metadata: { name: "openai-api-key", generation: 1 },
    spec: manifest?.spec,
    status: {
      conditions: [{ type: "Ready", status, reason: status === "True" ? "SecretSynced" : "Error", message }],
      syncedResourceVersion: "1-x",
    },
  };
}

interface Cluster extends ReadinessApi {
  secret: LiveObject;
  store: LiveObject;
  readonly nudged: string[];
  readonly lists: string[];
}

/** A cluster with the dev stack's objects in it; `onNudge` is what ESO makes of a nudge. */
function cluster(
  first: Partial<Pick<Cluster, "secret" | "store">> = {},
  onNudge?: (one: Cluster) => void,
): Cluster {
  const one: Cluster = {
    secret: secret("True"),
    store: readyStore,
    nudged: [],
    lists: [],
    async list(kind, where) {
      one.lists.push(`${where}/${kind}`);
      if (kind === "SecretStore") return [one.store];
      return where === "llm" ? [one.secret] : [];
    },
    async nudge(kind, where, name) {
      one.nudged.push(`${kind} ${where}/${name}`);
      onNudge?.(one);
    },
    async warnings() {
      return new Map([["ExternalSecret/openai-api-key", "Secret does\n\n not exist"]]);
    },
    ...first,
  };
  return one;
}

async function ready(
  api: ReadinessApi,
  declared = settings,
  ids: Record<string, pulumi.Output<string>> = storeIds,
) {
  return awaitReadiness(declared, ids, { api, pollMs: 5, nudgeMs: 300 });
}

describe("awaitReadiness", () => {
  beforeEach(() => {
    vi.spyOn(pulumi.log, "info").mockResolvedValue();
  });

  it("is done at once when everything is ready, with one list of each kind in a namespace and no nudge", async () => {
    const api = cluster();
    await ready(api);
    expect(api.lists.toSorted()).toEqual([
      "llm/ExternalSecret",
      "llm/SecretStore",
      "user/ExternalSecret",
      "user/SecretStore",
    ]);
    expect(api.nudged).toEqual([]);
  });

  it("nudges what is backing off, and is done as soon as that helps", async () => {
    const api = cluster({ secret: secret("False", "no") }, (one) => {
      one.secret = secret("True");
    });
    const start = performance.now();
    await ready(api);
    expect(api.nudged).toEqual(["ExternalSecret llm/openai-api-key"]);
    expect(performance.now() - start).toBeLessThan(300);
  });

  it("nudges no more often than it may", async () => {
    const api = cluster({ secret: secret("False", "no") });
    await expect(ready(api)).rejects.toThrow();
    expect(api.nudged.length).toBeGreaterThanOrEqual(3);
    expect(api.nudged.length).toBeLessThanOrEqual(4);
  });

  it("fails in mode require with name, path, ESO's own message and what to do", async () => {
    const api = cluster({ secret: secret("False", "could not get secret data") });
    const failure = await ready(api).catch((error: unknown) => error);
    expect(pulumi.RunError.isInstance(failure)).toBe(true);
    expect(String(failure)).toContain(`1 declared object(s) not Ready after 1s:
  ExternalSecret llm/openai-api-key
    reads: llm/openai
    found: could not get secret data: Secret does not exist
    fix:   if the value is missing, put it: npm run secrets -- put llm/openai --stack ${pulumi.getStack()}; then run up again`);
  });

  it("warns of the same in mode report", async () => {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    await ready(cluster({ secret: secret("False", "no") }), waiting("report"));
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("ExternalSecret llm/openai-api-key"));
    warn.mockRestore();
  });

  it("blames the store when that is what fails, and nudges it", async () => {
    const store = {
      ...readyStore,
      status: { conditions: [{ type: "Ready", status: "False", message: "unable to log in" }] },
    };
    const api = cluster({ store, secret: secret("False", "the store is not ready") });
    const failure = String(await ready(api).catch((error: unknown) => error));
    expect(failure).toMatch(/SecretStore llm\/vault-store\n {4}found: unable to log in\n/);
    expect(failure).toMatch(/SecretStore user\/vault-store\n/);
    expect(failure).toMatch(/fix: {3}mend this namespace's SecretStore first/);
    expect(api.nudged).toContain("SecretStore user/vault-store");
  });

  it("goes on through errors of the API server, and tells the last one if it never comes back", async () => {
    const api = cluster();
    const { list } = api;
    let failures = 3;
    api.list = (kind, where) => (failures-- > 0 ? Promise.reject(new Error("refused")) : list(kind, where));
    await ready(api);
    api.list = () => Promise.reject(new Error("refused"));
    api.warnings = () => Promise.reject(new Error("refused"));
    await expect(ready(api)).rejects.toThrow(/openai-api-key\n.*\n {4}found: it could not be read: refused/);
  });

  it("does not look at a namespace before its store is there", async () => {
    let create = (_id: string) => {};
    const created = new Promise<string>((resolve) => {
      create = resolve;
    });
    const api = cluster();
    const done = ready(api, settings, { ...storeIds, llm: pulumi.output(created) });
    await vi.waitFor(() => expect(api.lists).toContain("user/ExternalSecret"));
    expect(api.lists).not.toContain("llm/ExternalSecret");
    create("llm/vault-store");
    await done;
    expect(api.lists).toContain("llm/ExternalSecret");
  });

  it("waits for nothing in a preview", async () => {
    const dryRun = vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(true);
    const api = cluster({ secret: secret("False") });
    await ready(api);
    expect(api.lists).toEqual([]);
    dryRun.mockRestore();
  });
});
