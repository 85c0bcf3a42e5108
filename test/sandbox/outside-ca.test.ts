import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readState } from "../../sandbox/state.ts";
import { commandsIn } from "./canaries/ground.ts";
import { certificateStack, type TlsSecret, tlsSecret, withoutCertificates } from "./certificates/ground.ts";
import { type OutsideCa, outsideCa } from "./certificates/outside-ca.ts";
import { subjectOf } from "./certificates/pem.ts";
import { declarationWith, deploy, type Edit } from "./main-job/ground.ts";
import { domain, gateway, type PkiGround, pkiGround } from "./pki/ground.ts";
import { verify } from "./pki/openssl.ts";

const mount = "outside-int";

let ground: PkiGround;
let ca: OutsideCa;

beforeAll(async () => {
  ground = await pkiGround();
  ca = await outsideCa();
});

afterAll(async () => {
  await deploy(ground, withoutCertificates);
  await ground.vault.delete(`sys/mounts/${mount}`);
  await ground.close();
});

function stack(signed: string | undefined, generation: number, certificate: Edit = {}): readonly Edit[] {
  const external = signed === undefined ? {} : { signed };
  return [
    ...certificateStack(certificate, { intermediate: generation }),
    { pki: { root: undefined, external, intermediate: { mount, ttl: "8760h" } } },
  ];
}

/** The request as an operator gets it, and what the outside CA makes of it, with its root. */
async function signedRequest(...edits: readonly Edit[]): Promise<string> {
  const commands = await commandsIn(ground.sandbox, await declarationWith(ground.sandbox, ...edits), {});
  const token = await readState(ground.sandbox.vault.tokens.deployer);
  const { code, output } = await commands.run(["cli/pki/main.ts", "csr"], token);
  expect({ code, output }).toMatchObject({
    code: 0,
    output: expect.stringContaining("BEGIN CERTIFICATE REQUEST"),
  });
  return (await ca.sign(output, domain)) + ca.root;
}

async function secret(): Promise<TlsSecret> {
  const found = await tlsSecret(ground.sandbox);
  if (found === undefined) throw new Error("no Secret");
  return found;
}

async function expectVerified(issuer: string): Promise<void> {
  const { certificates, trusted } = await vi.waitFor(
    async () => {
      const found = await secret();
      expect(found.certificates.map(subjectOf)).toEqual([gateway, issuer]);
      return found;
    },
    { timeout: 30_000, interval: 250 },
  );
  const [leaf = "", ...chain] = certificates;
  expect(trusted).toBe(ca.root);
  expect(await verify(leaf, chain.join("\n"), ca.root, "-verify_hostname", gateway)).toMatchObject({
    ok: true,
  });
}

describe("an outside CA", () => {
  let first: string;
  let second: string;

  it("is asked with a request whose key stays in Vault, and no certificate is asked for before it has signed", async () => {
    const { warnings } = await deploy(ground, ...stack(undefined, 1));
    expect(warnings.join()).toMatch(/Intermediate G1" waits for its signature, and no certificate is issued/);
    expect(await tlsSecret(ground.sandbox)).toBeUndefined();
    first = await signedRequest(...stack(undefined, 1));
  });

  it("has its intermediate issue once it has signed", async () => {
    await deploy(ground, ...stack(first, 1));
    await expectVerified("Voyager Test Intermediate G1");
    const { done } = await deploy(ground, ...stack(first, 1));
    expect(done).toEqual([]);
  });

  it("signs the next generation while the one before goes on issuing", async () => {
    const { warnings } = await deploy(ground, ...stack(first, 2));
    expect(warnings.join()).toMatch(/Intermediate G2" waits for its signature, and the one before issues/);
    await deploy(ground, ...stack(first, 2, { usages: ["server", "client"] }));
    await expectVerified("Voyager Test Intermediate G1");
    second = await signedRequest(...stack(first, 2));
    await deploy(ground, ...stack(second, 2));
    await expectVerified("Voyager Test Intermediate G2");
  });

  it("may not exchange the certificate of a generation that Vault has", async () => {
    const another = await signedRequest(...stack(second, 2));
    await expect(deploy(ground, ...stack(another, 2))).rejects.toThrow(
      /pki\.external\.signed[\s\S]*another certificate[\s\S]*raise pki\.intermediate\.generation/,
    );
    await expectVerified("Voyager Test Intermediate G2");
  });
});
