import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { known } from "../../../cli/break-glass/entities.ts";
import { podsMounting } from "../../../cli/break-glass/workloads.ts";

function pod(name: string, spec: Partial<V1Pod["spec"]>, owner?: string): V1Pod {
  const controller =
    owner === undefined
      ? []
      : [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: "u", controller: true }];
  return { metadata: { name, ownerReferences: controller }, spec: { containers: [], ...spec } };
}

describe("what will stop", () => {
  const key = { name: "api_key" };

  it("is every workload whose pods take the Secret, as files or environment, counted by owner", () => {
    const environment = {
      containers: [
        { name: "c", env: [{ name: "K", valueFrom: { secretKeyRef: { key: key.name, name: "s" } } }] },
      ],
    };
    const pods = [
      pod("a-1", environment, "a"),
      pod("a-2", environment, "a"),
      pod("b", { volumes: [{ name: "v", secret: { secretName: "s" } }] }),
      pod("c", {
        volumes: [{ name: "v", projected: { sources: [{ secret: { name: "s" } }] } }],
        containers: [{ name: "c", envFrom: [{ secretRef: { name: "s" } }] }],
      }),
      pod("other", { volumes: [{ name: "v", secret: { secretName: "t" } }] }),
    ];
    expect(podsMounting(pods, "s")).toEqual([
      { name: "Pod/b", pods: 1, how: "files" },
      { name: "Pod/c", pods: 1, how: "files and environment" },
      { name: "ReplicaSet/a", pods: 2, how: "environment" },
    ]);
  });
});

describe("the entities of a reader", () => {
  const account = { namespace: "llm", serviceAccount: "vault-store" };
  const metadata = { service_account_namespace: "llm", service_account_name: "vault-store" };

  it("are all that its logins left: another for each time that the account was made anew", () => {
    const aliases = [
      { entity: "e1", name: "uid-1", metadata },
      { entity: "e2", name: "uid-2", metadata },
      { entity: "e3", name: "uid-3", metadata: { ...metadata, service_account_namespace: "user" } },
      { entity: "e4", name: "system:serviceaccount:llm:vault-store", metadata: {} },
    ];
    expect(known([account], aliases)).toEqual([{ ...account, entities: ["e1", "e2", "e4"] }]);
  });

  it("are none before the first login", () => {
    expect(known([account], [])).toEqual([{ ...account, entities: [] }]);
  });
});
