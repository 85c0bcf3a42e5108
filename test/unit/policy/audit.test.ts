import { describe, expect, it } from "vitest";
import { auditDevices, auditHmacKeys, rawAudit } from "../../../policy/rules/audit.ts";
import { type ResourceView, type StackView, UNKNOWN } from "../../../policy/rules/resource.ts";
import { devStack, found, resource } from "./judged.ts";

const AUDIT = "vault:index/audit:Audit";
const MOUNT = "vault:index/mount:Mount";

function device(name: string, file: unknown, type = "file"): ResourceView {
  return resource(AUDIT, { type, options: { file_path: file } }, { name, urn: `urn:${name}` });
}

describe("raw-audit", () => {
  it.each([[undefined], ["false"], [false], ["0"], [UNKNOWN]])("passes a device with log_raw %s", (raw) => {
    expect(found(rawAudit, resource(AUDIT, { options: { file_path: "x", log_raw: raw } }))).toEqual([]);
  });

  it("passes a device whose options are not known yet", () => {
    expect(found(rawAudit, resource(AUDIT, { options: UNKNOWN }))).toEqual([]);
  });

  it.each([["true"], [true], ["1"], ["T"], ["yes"]])("refuses a device with log_raw %s", (raw) => {
    expect(found(rawAudit, resource(AUDIT, { options: { log_raw: raw } }))).toEqual([
      expect.stringContaining("log_raw on"),
    ]);
  });
});

describe("audit-devices", () => {
  const judge = (resources: readonly ResourceView[], stack: StackView = devStack) =>
    auditDevices.check(resources, stack).map(({ urn, found: text }) => [urn, text]);

  it.each([
    ["two on files of their own", [device("a", "stdout"), device("b", "/b.log")]],
    ["two whose files are not known yet", [device("a", UNKNOWN), device("b", UNKNOWN)]],
    [
      "a file and a socket",
      [device("a", "/a.log"), resource(AUDIT, { type: "socket", options: { address: "x" } })],
    ],
    ["a stack that manages no cluster", [resource(MOUNT), resource("aws:s3/bucket:Bucket")]],
    ["an empty stack", []],
  ])("passes %s", (_what, resources) => {
    expect(judge(resources)).toEqual([]);
  });

  it.each([
    ["one device", [device("a", "stdout")], 1],
    ["autopilot, and no device", [resource("vault:index/raftAutopilot:RaftAutopilot")], 0],
    ["a quota, and no device", [resource("vault:index/quotaRateLimit:QuotaRateLimit")], 0],
    ["a second device that writes nothing", [device("a", "stdout"), device("b", "discard")], 1],
  ])("refuses a stack with %s", (_what, resources, count) => {
    expect(judge(resources)).toEqual([
      [undefined, `manages a Vault cluster with ${count} audit device(s) that write`],
    ]);
  });

  it("refuses a stack that says it manages the cluster, and has no device", () => {
    expect(judge([resource(MOUNT)], { ...devStack, cluster: "managed" })).toHaveLength(1);
    expect(judge([resource(MOUNT)], { ...devStack, cluster: "shared" })).toEqual([]);
  });

  it("names the second of two devices on one file", () => {
    expect(judge([device("a", "/x.log"), device("b", "/x.log"), device("c", "/c.log")])).toEqual([
      ["urn:b", 'writes to /x.log, as "a" does'],
    ]);
  });
});

describe("audit-hmac-keys", () => {
  it.each([
    ["none", MOUNT, { auditNonHmacRequestKeys: [] }],
    ["what is not known yet", MOUNT, { auditNonHmacRequestKeys: [UNKNOWN] }],
    ["the same words of another provider", "aws:x:Y", { auditNonHmacRequestKeys: ["password"] }],
  ])("passes %s", (_what, type, props) => {
    expect(found(auditHmacKeys, resource(type, props))).toEqual([]);
  });

  it.each([
    ["a mount", MOUNT, { auditNonHmacRequestKeys: ["data"] }, "auditNonHmacRequestKeys data"],
    [
      "an auth method",
      "vault:index/authBackend:AuthBackend",
      { tune: { auditNonHmacResponseKeys: ["client_token", "error"] } },
      "auditNonHmacResponseKeys client_token",
    ],
    [
      "an auth method whose tune is a list",
      "vault:jwt/authBackend:AuthBackend",
      { tune: [{ auditNonHmacRequestKeys: ["jwt"] }] },
      "auditNonHmacRequestKeys jwt",
    ],
  ])("refuses keys of %s beyond those allowed", (_what, type, props, words) => {
    expect(found(auditHmacKeys, resource(type, props), { allowedKeys: ["error"] })).toEqual([`has ${words}`]);
  });
});
