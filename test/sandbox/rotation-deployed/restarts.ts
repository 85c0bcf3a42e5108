import { beforeAll, expect, it } from "vitest";
import { accepted, DryRuns } from "../admission/ground.ts";
import { type DeployedGround, KEY, NAMESPACE } from "./ground.ts";
import { RESTARTED } from "./workload.ts";

const OWN = `vault-management/rotation-${KEY}`;
const image = template({ spec: { containers: [{ name: "main", image: "evil.example/a:1" }] } });

/** Whoever could do one of these would have more of the namespace than a restart. */
const others = [
  ["spec.template.spec", template({ spec: { serviceAccountName: "vault-store" } })],
  ["spec.template.spec", template({ spec: { volumes: [{ name: "a", secret: { secretName: "a" } }] } })],
  ["spec.template.metadata.labels", template({ metadata: { labels: { other: "label" } } })],
  ["spec.template.metadata.annotations.inject", annotated("inject")],
  [
    "spec.template.metadata.annotations.vault-management/rotation-other",
    annotated(`${OWN.slice(0, -KEY.length)}other`),
  ],
  ["spec.replicas", { spec: { replicas: 9 } }],
  ["spec.revisionHistoryLimit", { spec: { revisionHistoryLimit: 0 } }],
  ["metadata.labels", { metadata: { labels: { other: "label" } } }],
  ["metadata.annotations.inject", { metadata: { annotations: { inject: "a" } } }],
  ["metadata.finalizers", { metadata: { finalizers: ["a.example/b"] } }],
] as const;

/** What the API server lets a rotator's account do with the workloads that it restarts; asked by dry runs. */
export function restartChecks(ground: () => DeployedGround): void {
  let rotator: DryRuns;
  let administrator: DryRuns;

  beforeAll(async () => {
    const { admin } = ground().sandbox.kubernetes.kubeconfigs;
    administrator = new DryRuns(admin);
    rotator = new DryRuns(
      admin,
      await ground().cluster.token({ namespace: NAMESPACE, name: `rotate-${KEY}` }),
    );
  });

  it.each(RESTARTED)("lets it restart a $kind, and start no other image there", async (workload) => {
    expect(await rotator.patch(patchOf(workload, annotated(OWN)))).toBe(accepted);
    expect(await rotator.patch(patchOf(workload, image))).toContain(refusalOf("spec.template.spec"));
    expect(await administrator.patch(patchOf(workload, image))).toBe(accepted);
  });

  it.each(others)("refuses it %s: %j", async (field, change) => {
    const [deployment] = RESTARTED;
    if (deployment === undefined) throw new Error("no workload");
    expect(await rotator.patch(patchOf(deployment, change))).toContain(refusalOf(field));
    expect(await administrator.patch(patchOf(deployment, change))).toBe(accepted);
  });

  it("refuses it to take an annotation away that another has set", async () => {
    const [deployment] = RESTARTED;
    if (deployment === undefined) throw new Error("no workload");
    const taken = { metadata: { annotations: { "deployment.kubernetes.io/revision": null } } };
    const field = "metadata.annotations.deployment.kubernetes.io/revision";
    expect(await rotator.patch(patchOf(deployment, taken))).toContain(refusalOf(field));
  });
}

function refusalOf(field: string): string {
  return (
    `workload: found ${field} changed by system:serviceaccount:${NAMESPACE}:rotate-${KEY}; ` +
    `allowed: spec.template.metadata.annotations ${OWN}; fix: `
  );
}

function patchOf({ kind, namespace, name }: (typeof RESTARTED)[number], change: Change) {
  return { apiVersion: "apps/v1", kind, ...change, metadata: { ...change.metadata, namespace, name } };
}

interface Change {
  readonly metadata?: object;
  readonly spec?: object;
}

function template(change: object): Change {
  return { spec: { template: change } };
}

function annotated(annotation: string): Change {
  return template({ metadata: { annotations: { [annotation]: "a" } } });
}
