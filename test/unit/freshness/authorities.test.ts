import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { usedAuthorities } from "../../../freshness/authorities.ts";
import { authority, pemOf } from "../pki/chains.ts";
import { intermediateCa, pkiSettings, rootCa } from "../pki/declarations.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;

function authorities(pki: object = {}, certificate: object = {}) {
  return usedAuthorities(pkiSettings({ ...pki }, { ...certificate }));
}

const places = (pki: object) => authorities(pki).map(({ mount, issuer }) => `${mount}/${issuer}`);

/** An intermediate below an outside CA, which has signed the generation of that name. */
async function outside(signedGeneration: number, generation: number, hours = 24 * 365) {
  const root = await authority("Outside Root", { hours: 100_000 });
  const name = `${intermediateCa.commonName} G${signedGeneration}`;
  const { pem } = await authority(name, { signer: root, hours });
  return {
    root: undefined,
    external: { signed: pemOf([pem, root.pem]) },
    intermediate: { ...intermediateCa, generation },
  };
}

describe("the CAs that certificates depend on", () => {
  it("are the root and the intermediate of the declared generations", () => {
    const pki = {
      root: { ...rootCa, generation: 2 },
      intermediate: { ...intermediateCa, generation: 3 },
    };
    expect(places(pki)).toEqual(["pki/root-g2", "pki-int/int-g3"]);
  });

  it("are below an outside CA the intermediate that it has signed; while it has the next to sign, the one before", async () => {
    expect(places(await outside(2, 2))).toEqual(["pki-int/int-g2"]);
    expect(places(await outside(1, 2))).toEqual(["pki-int/int-g1"]);
  });

  it("are none before an outside CA has signed, or where no CA is declared", () => {
    expect(places({ root: undefined, external: {} })).toEqual([]);
    const { namespaces } = pkiSettings();
    expect(usedAuthorities({ pki: undefined, namespaces })).toEqual([]);
  });
});

describe("how long before its end a CA is told of", () => {
  it("is what Vault's own health check says, and the longest ttl of a certificate before that", () => {
    expect(authorities({}, { ttl: "72h" })).toMatchObject([
      { issuer: "root-g1", warningSeconds: (365 + 3) * DAY, criticalSeconds: (30 + 3) * DAY },
      { issuer: "int-g1", warningSeconds: (60 + 3) * DAY, criticalSeconds: (30 + 3) * DAY },
    ]);
  });

  it("is by the life that an outside CA gave, not by the declared one", async () => {
    const [only] = authorities(await outside(1, 1, 24 * 33), { ttl: "72h" });
    expect(only?.warningSeconds).toBeCloseTo((3 + 10) * DAY, -2);
  });

  it("is sooner than a certificate cannot be renewed for its whole ttl, and later than the CA's begin", () => {
    const hours = fc.tuple(fc.integer({ min: 2, max: 50_000 }), fc.integer({ min: 1, max: 49_999 }));
    const sensible = hours.filter(([life, ttl]) => ttl < life);
    fc.assert(
      fc.property(sensible, ([life, ttl]) => {
        const intermediate = { ...intermediateCa, ttl: `${life}h` };
        const found = authorities({ intermediate }, { ttl: `${ttl}h` });
        const { warningSeconds = 0, criticalSeconds = 0 } = found[1] ?? {};
        expect(criticalSeconds).toBeGreaterThan(ttl * HOUR);
        expect(warningSeconds).toBeGreaterThan(criticalSeconds);
        expect(warningSeconds).toBeLessThan(life * HOUR);
      }),
      { numRuns: 50 },
    );
  });
});
