import { createPrivateKey, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { scanner } from "../canaries/scan.ts";
import { accessGround } from "./access/ground.ts";
import { accepted, DryRuns, untilAnswer } from "./admission/ground.ts";
import { externalSecret, withSpec } from "./admission/objects.ts";
import { etcdRange } from "./canaries/etcd.ts";
import { scanFolder } from "./canaries/files.ts";
import { belongs, isProgram } from "./canaries/places.ts";
import { type Consumers, startConsumers } from "./certificates/consumers.ts";
import { certificateStack, liveGenerator, mounts, type TlsSecret, tlsSecret } from "./certificates/ground.ts";
import { issuerOf, serialOf, subjectOf } from "./certificates/pem.ts";
import { handshake } from "./certificates/tls.ts";
import { deploy } from "./main-job/ground.ts";
import { domain, gateway, type PkiGround, pkiGround, withoutSecrets } from "./pki/ground.ts";
import { verify } from "./pki/openssl.ts";

/** Longer than it takes a late server to have a renewed certificate of 90 s. */
const renewal = { timeout: 150_000, interval: 250 };

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
    const { certificates, trusted } = await secret();
    const [leaf = "", ...chain] = certificates;
    expect(serialOf(leaf)).not.toBe(serialOf(before));
    expect(await verify(leaf, chain.join("\n"), trusted, "-purpose", "sslclient")).toMatchObject({
      ok: true,
    });
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

describe("the API server", () => {
  let dry: DryRuns;
  const own = async () => {
    const generator = await liveGenerator(ground.sandbox);
    if (generator === undefined) throw new Error("no generator");
    return generator;
  };

  beforeAll(async () => {
    dry = new DryRuns(ground.sandbox.kubernetes.kubeconfigs.admin);
    const elsewhere = withSpec(await own(), { path: `${mounts.intermediate}/issue/other` });
    await untilAnswer("the policy was followed", () => dry.replace(elsewhere), /denied/);
  });

  it("lets the declared request pass", async () => {
    expect(await dry.replace(withSpec(await own(), { retrySettings: { maxRetries: 1 } }))).toBe(accepted);
  });

  it.each([
    [
      "another role",
      { path: `${mounts.intermediate}/issue/other` },
      /spec\.path: found tls-int\/issue\/other/,
    ],
    ["a CA", { path: `${mounts.root}/issuer/root-g1/sign-intermediate` }, /spec\.path: found tls-root/],
    ["another method", { method: "GET" }, /spec\.method: found GET; allowed: POST/],
    [
      "another name",
      { parameters: { common_name: `other.${domain}` } },
      /spec\.parameters: found .*allowed: the declared/,
    ],
    [
      "a further name",
      { parameters: { alt_names: `other.${domain}` } },
      /spec\.parameters: found .*alt_names/,
    ],
    ["a token of Vault's", { resultType: "Auth" }, /spec\.resultType: found Auth; allowed: Data/],
    ["another ESO", { controller: "theirs" }, /found controller/],
  ])("refuses a request for %s", async (_what, edit, refusal) => {
    expect(await dry.replace(withSpec(await own(), edit))).toMatch(refusal);
  });

  it("refuses another login, and another Vault", async () => {
    const generator = await own();
    const account = { auth: { kubernetes: { serviceAccountRef: { name: "default" } } } };
    expect(await dry.replace(withSpec(generator, { provider: account }))).toMatch(
      /found default; allowed: vault-store/,
    );
    const elsewhere = { provider: { server: "https://vault.elsewhere.example" } };
    expect(await dry.replace(withSpec(generator, elsewhere))).toMatch(/found https:\/\/vault\.elsewhere/);
  });

  it("refuses one under a name of its own, and an ExternalSecret that would ask it", async () => {
    const { spec, ...generator } = await own();
    const hand = { ...generator, spec, metadata: { name: "by-hand", namespace: "llm" } };
    expect(await dry.create(hand)).toMatch(/metadata\.name: found by-hand/);
    const asking = (name: string) =>
      externalSecret({
        data: undefined,
        dataFrom: [
          {
            sourceRef: {
              generatorRef: {
                apiVersion: "generators.external-secrets.io/v1alpha1",
                kind: "VaultDynamicSecret",
                name,
              },
            },
          },
        ],
      });
    expect(await dry.create(asking("by-hand"))).toMatch(
      /generatorRef: name: found by-hand; allowed: gateway-tls/,
    );
    expect(await dry.create(asking("gateway-tls"))).toBe(accepted);
  });
});

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
  await deploy(ground, withoutSecrets);
  expect(await liveGenerator(ground.sandbox)).toBeUndefined();
  await vi.waitFor(async () => expect(await tlsSecret(ground.sandbox)).toBeUndefined(), renewal);
});
