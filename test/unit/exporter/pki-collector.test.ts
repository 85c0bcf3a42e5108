import { describe, expect, it } from "vitest";
import { pkiCollector } from "../../../jobs/exporter/collectors/pki.ts";
import { Rounds } from "../../../jobs/exporter/rounds.ts";
import { nothingSeen, type Seen } from "../../../jobs/exporter/seen.ts";
import { ExporterVault } from "../../../jobs/exporter/vault.ts";
import { authority } from "../pki/chains.ts";
import { fakeServer } from "../preflight/fake-server.ts";
import { specOf } from "./specs.ts";

const spec = specOf();
const ROOT = "pki/issuer/root-g1/json";
const INTERMEDIATE = "pki-int/issuer/int-g1/json";
const madeAt = Date.parse("2026-11-24T12:00:00Z");
const { pem } = await authority("Any CA", { hours: 24, madeAt });
const end = new Date("2026-11-25T12:00:00Z");

/** Answers with a certificate, but where another answer is said. */
function collector(others: Readonly<Record<string, unknown>> = {}) {
  return pkiCollector(spec, {
    readPublic: async (path) => {
      if (!(path in others)) return { certificate: pem };
      if (others[path] === undefined)
        throw new Error(`Vault ${path}: status 500 (unable to find PKI issuer)`);
      return { certificate: others[path] };
    },
  });
}

describe("the CAs", () => {
  it("end as their certificates say, which are asked for by mount and name", async () => {
    const { seen, failures } = await collector()(nothingSeen);
    expect(seen.authorities).toEqual(new Map([ROOT, INTERMEDIATE].map((path) => [path, end])));
    expect(failures).toEqual([]);
  });

  it.each([
    ["that is missing", undefined, /status 500/],
    ["that is no certificate", "none", /./],
    ["that has none", 7, /pki-int\/issuer\/int-g1\/json: an answer without a certificate/],
  ])(
    "of which one %s keep what was seen of it before, and the other is told",
    async (_what, answer, says) => {
      const earlier = new Date("2026-11-24T18:00:00Z");
      const before: Seen = { ...nothingSeen, authorities: new Map([[INTERMEDIATE, earlier]]) };
      const { seen, failures } = await collector({ [INTERMEDIATE]: answer })(before);
      expect(seen.authorities).toEqual(
        new Map([
          [INTERMEDIATE, earlier],
          [ROOT, end],
        ]),
      );
      expect(failures).toEqual([expect.stringMatching(says)]);
    },
  );

  it("stop no other collector when none can be read", async () => {
    const pki = collector({ [ROOT]: undefined, [INTERMEDIATE]: undefined });
    const rounds = new Rounds({ pki, audit: async () => ({ seen: { auditDevices: 2 } }) }, () => {});
    await rounds.round();
    expect(rounds.seen).toMatchObject({ auditDevices: 2, authorities: new Map() });
    const failed = rounds.samples().filter(({ metric, value }) => /errors/.test(metric) && value > 0);
    expect(failed.map(({ labels }) => labels)).toEqual([{ collector: "pki" }]);
  });

  it("are nothing where none is declared", async () => {
    const found = await pkiCollector({ authorities: [] }, { readPublic: async () => ({}) })(nothingSeen);
    expect(found).toEqual({ seen: { authorities: new Map() }, failures: [] });
  });

  it("are read without a login", async () => {
    const server = await fakeServer({ [`GET /v1/${ROOT}`]: [200, { data: { certificate: pem } }] });
    const vault = new ExporterVault({
      spec: { ...spec.vault, address: server.address },
      jwt: async () => Promise.reject(new Error("no login")),
      hide: (value) => value,
      timeoutMs: 5_000,
    });
    const [root] = spec.authorities;
    const { seen } = await pkiCollector(
      { authorities: root === undefined ? [] : [root] },
      vault,
    )(nothingSeen);
    expect(seen.authorities?.get(ROOT)).toEqual(end);
    expect(server.requests).toEqual([`GET /v1/${ROOT}`]);
    await server.close();
  });
});
