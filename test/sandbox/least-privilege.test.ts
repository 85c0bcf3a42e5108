import { afterAll, beforeAll, describe } from "vitest";
import { useSandbox } from "./harness.ts";
import { addressChecks } from "./least-privilege/addresses.ts";
import { capabilityChecks } from "./least-privilege/capabilities.ts";
import { deployStacks, type Stacks } from "./least-privilege/ground.ts";
import { loginChecks } from "./least-privilege/logins.ts";
import { readingChecks } from "./least-privilege/reading.ts";
import { requestChecks } from "./least-privilege/requests.ts";
import { roleChecks } from "./least-privilege/roles.ts";
import { tokenChecks } from "./least-privilege/tokens.ts";

/** Three stacks share one Vault and one cluster: dev and prod by the kubernetes method, edge by jwt. */
describe("least privilege", () => {
  let deployed: Stacks;
  beforeAll(async () => {
    deployed = await deployStacks(await useSandbox());
  });
  afterAll(() => deployed?.remove());
  const stacks = () => deployed;

  describe("reading", () => readingChecks(stacks));
  describe("everything else", () => {
    capabilityChecks(stacks);
    requestChecks(stacks);
  });
  describe("what stands in Vault", () => roleChecks(stacks));
  describe("logging in", () => loginChecks(stacks));
  describe("the token of a login", () => tokenChecks(stacks));
  describe("where a login comes from", () => addressChecks(stacks));
});
