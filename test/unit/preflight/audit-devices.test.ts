import { describe, expect, it } from "vitest";
import type { Settings } from "../../../config/schema.ts";
import { auditDeviceProblems } from "../../../preflight/audit-devices.ts";
import { settingsOf } from "../arbitrary-settings.ts";

function withDevices(
  auditDevices: Settings["vault"]["auditDevices"],
  stack: "dev" | "prod" = "dev",
): Settings {
  const settings = settingsOf(stack);
  return { ...settings, vault: { ...settings.vault, auditDevices } };
}

const file = (filePath: string) => ({ type: "file", filePath }) as const;
const listed = (file_path: string, description = "vault-management dev") => ({
  type: "file",
  description,
  options: { file_path },
});
const two = withDevices({ one: file("/a.log"), two: file("/b.log") });

describe("audit devices", () => {
  it.each([
    ["do not exist yet", {}],
    ["are as declared", { "one/": listed("/a.log"), "two/": listed("/b.log") }],
    ["change while another one records", { "one/": listed("/x.log"), "two/": listed("/b.log") }],
    ["both change, one after the other", { "one/": listed("/x.log"), "two/": listed("/y.log") }],
    ["stand beside somebody else's", { "theirs/": listed("/theirs.log", "") }],
  ])("are fine when they %s", (_when, devices) => {
    expect(auditDeviceProblems(two, devices)).toEqual([]);
  });

  it.each([
    [
      "the only one there is changes",
      two,
      { "one/": listed("/x.log") },
      "vault.auditDevices.one",
      /the only audit device/,
      /second device alone added/,
    ],
    [
      "the file is another device's",
      two,
      { "one/": listed("/a.log"), "three/": listed("/b.log", "") },
      "vault.auditDevices.two.filePath",
      /device three writes/,
      /another file/,
    ],
    [
      "the name is somebody else's",
      two,
      { "one/": listed("/a.log", "by hand"), "two/": listed("/b.log") },
      "vault.auditDevices.one",
      /"by hand"/,
      /another name/,
    ],
    [
      "one changes in production, where it is protected",
      withDevices({ one: file("/a.log"), two: file("/b.log") }, "prod"),
      {
        "one/": listed("/x.log", "vault-management prod"),
        "two/": listed("/b.log", "vault-management prod"),
      },
      "vault.auditDevices.one",
      /"\/x.log"/,
      /unprotect/,
    ],
  ])("are refused when %s", (_when, settings, devices, path, found, fix) => {
    expect(auditDeviceProblems(settings, devices)).toEqual([
      expect.objectContaining({
        path,
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    ]);
  });

  it("that swap their files are refused, since Vault has no moment at which either is free", () => {
    const devices = { "one/": listed("/b.log"), "two/": listed("/a.log") };
    expect(auditDeviceProblems(two, devices).map(({ path }) => path)).toEqual([
      "vault.auditDevices.one.filePath",
      "vault.auditDevices.two.filePath",
    ]);
  });

  it("are not this stack's to judge where another one manages the cluster", () => {
    const shared = { ...two, vault: { ...two.vault, cluster: "shared" as const, auditDevices: {} } };
    expect(auditDeviceProblems(shared, { "one/": listed("/a.log", "by hand") })).toEqual([]);
  });
});
