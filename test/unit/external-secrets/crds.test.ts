import { createHash } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import {
  bundleSource,
  crdManifests,
  loadCrds,
  neededCrds,
} from "../../../components/external-secrets/crds.ts";
import { ConfigError } from "../../../config/problems.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { esoManifests } from "../eso-crds.ts";

const { crds: bundle } = await esoManifests();
const declared = settingsOf("dev").externalSecrets;

afterEach(() => {
  vi.unstubAllGlobals();
});

function from(source: string, sha256 = declared.crds.sha256): Settings["externalSecrets"] {
  return { ...declared, crds: { source, sha256 } };
}

async function fileOf(text: string): Promise<Settings["externalSecrets"]> {
  const file = join(await mkdtemp(join(tmpdir(), "crds-")), "bundle.yaml");
  await writeFile(file, text);
  return from(file, createHash("sha256").update(text).digest("hex"));
}

async function problemOf(settings: Settings["externalSecrets"]) {
  const error: unknown = await loadCrds(settings).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  return error.problems[0];
}

const definition = (name: string, conversion = "") => `---
kind: CustomResourceDefinition
metadata: { name: ${name}, creationTimestamp: null, labels: { a: b } }
spec: { group: x${conversion} }
status: {}
`;

it("loads the definitions of the pinned release by the dev stack's own sha256", async () => {
  const crds = await loadCrds(from(bundle));
  expect(crds.map(({ metadata }) => metadata.name)).toEqual(neededCrds);
  expect(crds.map(({ spec }) => spec.conversion)).toEqual(neededCrds.map(() => ({ strategy: "None" })));
});

it("takes out a conversion webhook, and passes on no status", () => {
  const webhook = ", conversion: { strategy: Webhook, webhook: { clientConfig: {} } }";
  const text = neededCrds.map((name) => definition(name, webhook)).join("");
  expect(crdManifests(text, "x")[0]).toEqual({
    metadata: { name: neededCrds[0], labels: { a: "b" }, annotations: {} },
    spec: { group: "x", conversion: { strategy: "None" } },
  });
});

it("takes the bundle of the chart's version when none is declared", async () => {
  const { source: _, ...pin } = declared.crds;
  const settings = { ...declared, crds: pin };
  const fetched = vi.fn(async () => new Response(await readFile(bundle)));
  vi.stubGlobal("fetch", fetched);
  expect(await loadCrds(settings)).toHaveLength(neededCrds.length);
  expect(fetched).toHaveBeenCalledWith(bundleSource(settings), expect.anything());
  expect(bundleSource(settings)).toMatch(/\/external-secrets\/v0\.20\.4\/deploy\/crds\/bundle\.yaml$/);
});

it("loads nothing where the operator is there already", async () => {
  expect(await loadCrds({ ...from("/nowhere"), mode: "existing" })).toEqual([]);
});

it("refuses a bundle with another sha256", async () => {
  const settings = await fileOf("a: b");
  expect(await problemOf({ ...settings, crds: { ...settings.crds, sha256: "0".repeat(64) } })).toMatchObject({
    path: "externalSecrets.crds.sha256",
    found: expect.stringContaining(
      `${"0".repeat(64)}, but ${settings.crds.source} has ${settings.crds.sha256}`,
    ),
  });
});

it("refuses a bundle without the definitions, and text that is not YAML", async () => {
  const lacking = await fileOf(
    neededCrds
      .slice(1)
      .map((name) => definition(name))
      .join(""),
  );
  expect((await problemOf(lacking))?.found).toMatch(new RegExp(`without ${neededCrds[0]}$`));
  expect((await problemOf(await fileOf("")))?.found).toMatch(/without/);
  expect((await problemOf(await fileOf("a: [")))?.found).toMatch(/not YAML/);
});

it("says when the bundle cannot be read", async () => {
  expect(await problemOf(from("/nowhere/bundle.yaml"))).toMatchObject({
    path: "externalSecrets.crds.source",
    found: expect.stringMatching(/^\/nowhere\/bundle.yaml, which cannot be read: .*ENOENT/),
  });
  vi.stubGlobal("fetch", async () => new Response("gone", { status: 404 }));
  expect((await problemOf(from("https://crds.example/bundle.yaml")))?.found).toMatch(
    /the server answered 404/,
  );
});
