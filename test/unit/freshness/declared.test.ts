import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { certificateExpiry } from "../../../freshness/certificates.ts";
import { declaredSyncs } from "../../../freshness/declared.ts";
import { declared, withSecret } from "../config/declarations.ts";
import { pkiSettings } from "../pki/declarations.ts";

const syncs = (raw: unknown) => declaredSyncs(parseSettings(raw, "Pulumi.test.yaml"));

describe("what the declared secrets promise", () => {
  it("is one for each ExternalSecret, with its store, its interval and its paths", () => {
    expect(syncs(declared("dev"))).toEqual([
      {
        namespace: "llm",
        store: "vault-store",
        externalSecret: "openai-api-key",
        refreshIntervalSeconds: 3_600,
        paths: [{ mount: "kv", path: "llm/openai" }],
      },
    ]);
  });

  it("names a path once that is read twice, and none that is read at a pinned version", () => {
    const [sync] = syncs(
      withSecret({
        data: {
          api_key: "llm/openai#api_key",
          organisation: "llm/openai#organisation",
          old: { remoteRef: { key: "llm/old", property: "api_key", version: 3 } },
        },
        dataFrom: [{ extract: { key: "llm/all" } }],
      }),
    );
    expect(sync?.paths.map(({ path }) => path)).toEqual(["llm/all", "llm/openai"]);
  });

  it("says how long a certificate lives", () => {
    const certificates = declaredSyncs(pkiSettings()).filter(
      (one) => one.certificateTtlSeconds !== undefined,
    );
    expect(certificates).not.toEqual([]);
    for (const { certificateTtlSeconds = 0, refreshIntervalSeconds, paths } of certificates) {
      expect(refreshIntervalSeconds).toBe(Math.floor((certificateTtlSeconds * 2) / 3));
      expect(paths).toEqual([]);
    }
  });
});

describe("a certificate's end", () => {
  it("is its ttl after the sync that brought it, and unknown before the first", () => {
    const synced = new Date("2026-11-24T12:00:00Z");
    expect(certificateExpiry(3_600, synced)).toEqual(new Date("2026-11-24T13:00:00Z"));
    expect(certificateExpiry(3_600, undefined)).toBeUndefined();
  });
});
