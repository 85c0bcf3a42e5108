import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { createProviders } from "../../../components/providers.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { only, recordResources } from "../pulumi-mocks.ts";

afterEach(() => vi.unstubAllEnvs());

const settings = settingsOf("dev");

it("has addresses and no credential among the providers' inputs, whatever the environment holds", async () => {
  vi.stubEnv("KUBECONFIG", "/unit/test/kubeconfig");
  vi.stubEnv("VAULT_TOKEN", "unit-test-token");
  vi.stubEnv("VAULT_SKIP_VERIFY", "true");
  vi.stubEnv("VAULT_ADDR", "https://another.example");
  const resources = await recordResources(() => createProviders(settings));
  const { maxLeaseTtlSeconds, maxRetries, ...inputs } = only(resources, "pulumi:providers:vault").inputs;
  expect([maxLeaseTtlSeconds, maxRetries]).toEqual(["1200", "2"]); // the SDK's own defaults
  expect(inputs).toEqual({
    address: "https://vault.voyager.internal",
    skipChildToken: "true",
    skipTlsVerify: "false",
  });
  expect(only(resources, "pulumi:providers:kubernetes").inputs).toEqual({
    kubeconfig: "",
    context: "voyager-dev",
  });
});

it("hands the CA over as a file named by its content, the same on every machine", async () => {
  const caCertificate = "-----BEGIN CERTIFICATE-----\nunit test\n-----END CERTIFICATE-----\n";
  const resources = await recordResources(() =>
    createProviders({ ...settings, vault: { ...settings.vault, caCertificate } }),
  );
  const file = String(only(resources, "pulumi:providers:vault").inputs.caCertFile);
  expect(isAbsolute(file)).toBe(false);
  expect(existsSync(file) && readFileSync(file, "utf8")).toBe(caCertificate);
});
