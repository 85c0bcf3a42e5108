import { createPrivateKey, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readState } from "../../sandbox/state.ts";
import { scanner } from "../canaries/scan.ts";
import { accessGround } from "./access/ground.ts";
import { etcdRange } from "./canaries/etcd.ts";
import { scanFolder } from "./canaries/files.ts";
import { commandsIn } from "./canaries/ground.ts";
import { belongs, isProgram } from "./canaries/places.ts";
import { admissionChecks } from "./certificates/admission.ts";
import { type Consumers, startConsumers } from "./certificates/consumers.ts";
import {
  certificateStack,
  liveGenerator,
  mounts,
  type TlsSecret,
  tlsSecret,
  withoutCertificates,
} from "./certificates/ground.ts";
import { issuerOf, serialOf, subjectOf } from "./certificates/pem.ts";
import { handshake } from "./certificates/tls.ts";
import { declarationWith, deploy } from "./main-job/ground.ts";
import { domain, gateway, type PkiGround, pkiGround } from "./pki/ground.ts";
import { verify } from "./pki/openssl.ts";

/** Longer than it takes a late server to have a renewed certificate of 90 s. */
const renewal = { timeout: 150_000, interval: 250 };

const soon = { timeout: 30_000, interval: 250 };

let ground: PkiGround;

beforeAll(async () => {
  ground = await pkiGround();
  await deploy(ground, ...certificateStack());
});

afterAll(async () => {
  await Promise.all(Object.values(mounts).map((mount) => ground?.vault.delete(`sys/mounts/${mount}`)));
  await ground?.close();
});

async function secret(): Promise<TlsSecret> {
  const found = await tlsSecret(ground.sandbox);
  if (found === undefined) throw new Error("no Secret");
  return found;
}

function leafOf({ certificates: [leaf = ""] }: TlsSecret): string {
  return leaf;
}

describe("a declared certificate", () => {
  it("is there after the first `up`: Kubernetes' own type, the key beside its certificate, the chain without its root", async () => {
    const { type, keys, certificates, privateKey, trusted } = await secret();
    expect({ type, keys }).toEqual({ type: "kubernetes.io/tls", keys: ["ca.crt", "tls.crt", "tls.key"] });
    expect(certificates.map(subjectOf)).toEqual([gateway, "Voyager Test Intermediate G1"]);
    expect(trusted.trim()).toBe((await ground.issuer(mounts.root, "root-g1")).trim());
    const leaf = new X509Certificate(certificates[0] ?? "");
    expect(leaf.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
  });

  it("verifies by what stands beside it, for its name and use and no others", async () => {
    const { certificates, trusted } = await secret();
    const [leaf = "", ...chain] = certificates;
    const verified = (...options: string[]) => verify(leaf, chain.join("\n"), trusted, ...options);
    expect(await verified("-purpose", "sslserver", "-verify_hostname", gateway)).toMatchObject({ ok: true });
    expect(await verified("-verify_hostname", `other.${domain}`)).toMatchObject({ ok: false });
    expect(await verified("-purpose", "sslclient")).toMatchObject({ ok: false });
  });

  it("stays the same one with the next `up`", async () => {
    const before = leafOf(await secret());
    const { done } = await deploy(ground, ...certificateStack());
    expect(done).toEqual([]);
    expect(leafOf(await secret())).toBe(before);
  });

  it("is in the matrix, which Vault confirms without issuing one", async () => {
    const access = await accessGround();
    const issued = async () => (await ground.vault.list(`${mounts.intermediate}/certs`))?.length;
    const before = await issued();
    const report = await access.report({ edits: certificateStack() });
    expect(report).toMatchObject({ code: 0, differences: [] });
    expect(await issued()).toBe(before);
    await access.close();
  });

  it("has its key in no file of the servers, and in etcd encrypted alone", async () => {
    const [, line = ""] = (await secret()).privateKey.split("\n");
    expect(line).toHaveLength(64);
    const scan = scanner({ "the private key": line });
    const files = await scanFolder(ground.sandbox.paths.root, scan, isProgram);
    expect(Object.entries(files).filter(([file, names]) => !belongs(file, names))).toEqual([]);
    const stored = await etcdRange(ground.sandbox, "/registry/");
    expect(stored.map(({ key }) => key)).toContain("/registry/secrets/llm/gateway-tls");
    const holding = stored.filter((one) => scan(Buffer.from(one.stored, "latin1")).length > 0);
    expect(holding.map(({ key }) => key)).toEqual([]);
  });

  it("is another one as soon as its declaration is", async () => {
    const before = leafOf(await secret());
    await deploy(ground, ...certificateStack({ usages: ["server", "client"] }));
    await vi.waitFor(async () => expect(leafOf(await secret())).not.toBe(before), soon);
    const { certificates, trusted } = await secret();
    const [leaf = "", ...chain] = certificates;
    expect(await verify(leaf, chain.join("\n"), trusted, "-purpose", "sslclient")).toMatchObject({
      ok: true,
    });
  });

  it("is revoked by a secret-admin, by its serial number", async () => {
    const serialNumber = serialOf(leafOf(await secret()));
    const declaration = await declarationWith(ground.sandbox, ...certificateStack());
    const commands = await commandsIn(ground.sandbox, declaration, {});
    const token = await readState(ground.sandbox.vault.tokens.secretAdmin);
    const { code, output } = await commands.run(["cli/pki/main.ts", "revoke", serialNumber], token);
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Revoked .*OCSP and the CRL/),
    });
    const serial = (serialNumber.toLowerCase().match(/../g) ?? []).join(":");
    const record = await ground.vault.read(`${mounts.intermediate}/cert/${serial}`);
    expect(Number(record?.revocation_time)).toBeGreaterThan(0);
  });

  it.each([
    ["a name of another domain", { commonName: "gateway.elsewhere.internal" }, /in or below pki\.domains/],
    ["a life longer than the CA's", { ttl: "43801h" }, /less than pki\.intermediate\.ttl/],
  ])("with %s is refused before anything is changed", async (_what, edit, reason) => {
    const before = leafOf(await secret());
    await expect(deploy(ground, ...certificateStack(edit))).rejects.toThrow(reason);
    expect(leafOf(await secret())).toBe(before);
  });
});

describe("the API server", () => admissionChecks(() => ground.sandbox));

describe("across renewal and rotation no handshake fails", () => {
  const short = { ttl: "90s" };
  let consumers: Consumers;

  beforeAll(async () => {
    await deploy(ground, ...certificateStack(short));
    consumers = await startConsumers(ground.sandbox);
  });

  const renewedBy = (issuer: string) =>
    vi.waitFor(() => {
      expect(issuerOf(leafOf(consumers.newest))).toBe(issuer);
      expect(issuerOf(consumers.lateLeaf)).toBe(issuer);
    }, renewal);

  it("when ESO renews the certificate, with a third of its life left", { timeout: 300_000 }, async () => {
    const before = serialOf(leafOf(consumers.newest));
    await vi.waitFor(() => expect(serialOf(leafOf(consumers.newest))).not.toBe(before), renewal);
  });

  it("when the intermediate has a new generation", { timeout: 300_000 }, async () => {
    await deploy(ground, ...certificateStack(short, { intermediate: 2 }));
    await renewedBy("Voyager Test Intermediate G2");
  });

  it("when the root has one too: both are trusted", { timeout: 300_000 }, async () => {
    await deploy(ground, ...certificateStack(short, { root: 2, intermediate: 3 }));
    await renewedBy("Voyager Test Intermediate G3");
    const { certificates, trusted } = consumers.newest;
    const roots = await Promise.all(["root-g2", "root-g1"].map((name) => ground.issuer(mounts.root, name)));
    expect(trusted.trim()).toBe(roots.map((root) => root.trim()).join("\n"));
    expect(certificates.map(subjectOf)).toContain("Voyager Test Root G2");
    expect(certificates.map((one) => subjectOf(one) === issuerOf(one))).not.toContain(true);
  });

  it("and a client that expects another name, or trusts another CA, connects to none of these servers", async () => {
    const { port } = consumers;
    const { trusted } = consumers.newest;
    await expect(handshake(port, `other.${domain}`, trusted)).rejects.toThrow(/does not match/);
    await expect(handshake(port, gateway, ground.sandbox.vault.caPem)).rejects.toThrow(
      /verify|issuer|self-signed/,
    );
  });

  it("counted: every one of them", async () => {
    await consumers.stop();
    for (const [pair, { succeeded, failed }] of consumers.pairs) {
      const counts = [...succeeded].map(([issuer, count]) => `${count} by ${issuer}`).join(", ");
      console.log(`${pair}: ${counts}; ${failed.length} failed`);
      expect(failed).toEqual([]);
      expect([...succeeded.keys()]).toHaveLength(3);
    }
  });
});

it("a certificate goes with its declaration: generator and Secret", async () => {
  await deploy(ground, withoutCertificates);
  expect(await liveGenerator(ground.sandbox)).toBeUndefined();
  await vi.waitFor(async () => expect(await tlsSecret(ground.sandbox)).toBeUndefined(), renewal);
});
