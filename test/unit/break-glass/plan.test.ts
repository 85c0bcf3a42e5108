import { describe, expect, it } from "vitest";
import { freezeOf } from "../../../cli/break-glass/freeze.ts";
import { planOf } from "../../../cli/break-glass/plan.ts";
import { planText } from "../../../cli/break-glass/plan-text.ts";
import { findTarget } from "../../../cli/break-glass/target.ts";
import { settings } from "./declarations.ts";

const planFor = (path: string, options = {}) => planOf(settings, findTarget(settings, path, "dev"), options);

describe("a path is found", () => {
  it.each(["llm/openai", "kv/llm/openai", "kv/data/llm/openai", "/llm/openai/"])("as %s", (named) => {
    expect(findTarget(settings, named, "dev")).toEqual({
      name: "llm/openai",
      apiPath: "kv/data/llm/openai",
      kv: { mount: "kv", path: "llm/openai" },
    });
  });

  it("also where only a rotator reads it: the admin credential", () => {
    expect(planFor("platform/openai-admin").readers).toMatchObject([{ kind: "rotator" }]);
  });

  it.each([
    ["one letter away, with the right one", "llm/opnai", /Is it llm\/openai\?/],
    [
      "that nobody reads, with what is declared and what to do",
      "llm/unread",
      /no login of this stack reads it[\s\S]*Declared: .*llm\/openai[\s\S]*Nothing was done/,
    ],
    ["of a rotator's own memory", "rotation/openai-llm", /is not declared/],
  ])("not %s", (_what, named, message) => {
    expect(() => findTarget(settings, named, "dev")).toThrow(message);
  });
});

describe("a plan", () => {
  it("denies every reader the path, and the rotator its memory as well: it would make another key", () => {
    const { readers, denied, destroyed, rotations } = planFor("llm/openai");
    expect(denied).toEqual(["kv/data/llm/openai", "kv/data/rotation/openai-llm"]);
    expect(destroyed.map(({ path }) => path)).toEqual(["llm/openai", "rotation/openai-llm"]);
    expect(readers.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`)).toEqual([
      "llm/vault-store",
      "vault-rotation/rotate-openai-llm",
    ]);
    expect(rotations.map(({ name }) => name)).toEqual(["openai-llm"]);
  });

  it("names each Secret that holds it, with what goes with it", () => {
    expect(planFor("llm/openai").secrets.map(({ secret, alsoHolds }) => [secret, alsoHolds])).toEqual([
      ["both", ["kv/data/llm/other"]],
      ["openai-api-key", []],
    ]);
  });

  it("says on one screen who loses it, what stops, what is destroyed, and what is not done", () => {
    const text = planText(planFor("llm/openai"), {
      readers: [{ namespace: "llm", serviceAccount: "vault-store", entities: ["e1"] }],
      versions: { "kv/llm/openai": [1, 2], "kv/rotation/openai-llm": [] },
      secrets: planFor("llm/openai").secrets.map((held) => ({
        held,
        workloads: [{ name: "ReplicaSet/gateway", pods: 2, how: "environment" as const }],
      })),
      missingRights: ["delete Secret llm/both"],
    });
    expect(text).toMatch(/llm\/vault-store.*│ 1 /);
    expect(text).toMatch(/vault-rotation\/rotate-openai-llm/);
    expect(text).toContain("ReplicaSet/gateway (2 pod(s), environment)");
    expect(text).toContain("kv/llm/openai version 1, 2; kv/rotation/openai-llm (no version left)");
    expect(text).toContain("Keys of openai-llm STAY VALID at openai");
    expect(text).toContain("NOT done for want of rights in Kubernetes: delete Secret llm/both");
  });

  it("says where the cluster was not seen, and a path's Secret was made by others", () => {
    const plan = planFor("llm/alone", { provider: true });
    const why =
      "the kubeconfig of KUBECONFIG has no context voyager-dev: it has kind-other and minikube. Name one of them: --context <name>";
    const text = planText(plan, {
      readers: "Vault said no",
      versions: "Vault said no",
      secrets: plan.secrets.map((held) => ({ held, workloads: why })),
      missingRights: [],
    });
    expect(text.replaceAll(/\s*│\n?[│\s]*/g, " ")).toContain(`not seen: ${why}`);
    expect(text).toContain("every version of kv/llm/alone");
    expect(text).toContain("their keys go with it");
    expect(text).toContain("no rotation is declared for this path");
  });
});

describe("--freeze", () => {
  it("turns off the logins of a namespace", () => {
    expect(freezeOf(settings, "llm")).toMatchObject({ logins: [{ namespace: "llm" }], paths: [] });
  });

  it("denies the paths of a service that shares its login", () => {
    const { logins, paths } = freezeOf(settings, "llm/llm-gateway");
    expect(logins).toEqual([]);
    expect(paths).toEqual(["kv/data/llm/alone", "kv/data/llm/openai", "kv/data/llm/other"]);
  });

  it("refuses a name that is neither, with the nearest", () => {
    expect(() => freezeOf(settings, "lln")).toThrow(/Is it llm\?/);
  });
});
