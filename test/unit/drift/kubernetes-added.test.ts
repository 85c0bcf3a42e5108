import { describe, expect, it } from "vitest";
import { addedFields } from "../../../cli/drift/kubernetes/added.ts";

const time = "2026-11-27T12:00:00Z";
const labels = { "vault-management/environment": "dev" };
const labelled = { "f:metadata": { "f:labels": { "f:vault-management/environment": {} } } };

/** What a manager holds, as the API server notes it. */
function held(manager: string, fieldsV1: object, rest: object = {}) {
  return { manager, operation: "Update", time, fieldsV1, ...rest };
}

/** What the program applies: its labels and what it declares. */
function applied(spec: object) {
  return held("pulumi", { ...labelled, "f:spec": spec }, { operation: "Apply" });
}

function edited(spec: object, manager = "kubectl-edit") {
  return held(manager, { "f:spec": spec });
}

function declared(kind: string, spec: object) {
  return { kind, metadata: { name: "one", labels }, spec };
}

/** Field -> what is found there, of an object that is `spec` now. */
function added(object: { readonly metadata: object }, spec: object, managedFields: readonly object[]) {
  const live = { ...object, metadata: { ...object.metadata, managedFields }, spec };
  return Object.fromEntries(addedFields(object, live).map(({ field, found }) => [field, found]));
}

describe("what somebody has added to an object", () => {
  const data = [{ secretKey: "a" }];
  const secret = declared("ExternalSecret", { refreshInterval: "1h", data });
  const own = applied({ "f:refreshInterval": {}, "f:data": {} });

  it("is nothing where the API server has filled in its defaults, which nobody holds", () => {
    expect(added(secret, { ...secret.spec, refreshPolicy: "OnChange" }, [own])).toEqual({});
  });

  it("is a field that a person holds, with the person's tool and the time", () => {
    const dataFrom = [{ extract: { key: "x" } }];
    const managedFields = [own, edited({ "f:dataFrom": {} })];
    const live = { metadata: { managedFields }, spec: { ...secret.spec, dataFrom } };
    expect(addedFields(secret, live)).toEqual([
      {
        field: "spec.dataFrom",
        found: '[{"extract":{"key":"x"}}]',
        by: "kubectl-edit, 2026-11-27T12:00:00Z",
      },
    ]);
  });

  it("is not the state, nor what stands in metadata", () => {
    const status = held("eso", { "f:status": { "f:conditions": {} } }, { subresource: "status" });
    const note = held("kubectl", { "f:metadata": { "f:annotations": { "f:force-sync": {} } } });
    expect(added(secret, secret.spec, [own, status, note])).toEqual({});
  });

  it("is not what a person has put back to what the server would fill in", () => {
    const again = edited({ "f:target": { ".": {}, "f:deletionPolicy": {} } });
    const target = { deletionPolicy: "Retain", creationPolicy: "Owner" };
    expect(added(secret, { ...secret.spec, target }, [own, again])).toEqual({});
  });
});

describe("what somebody has added within a list that the API server notes as one", () => {
  const remoteRef = { key: "llm/openai", property: "api_key" };
  const filled = { ...remoteRef, conversionStrategy: "Default", decodingStrategy: "None" };
  const secret = declared("ExternalSecret", { data: [{ secretKey: "a", remoteRef }] });
  const own = applied({ "f:data": {} });
  const rest = applied({});
  const edit = edited({ "f:data": {} });
  const now = (reference: object, more: object = {}) => ({
    data: [{ secretKey: "a", remoteRef: reference, ...more }],
  });

  it.each([
    ["a version", now({ ...filled, version: "3" }), { "spec.data[0].remoteRef.version": "3" }],
    [
      "another source",
      now(filled, { sourceRef: { storeRef: { name: "b" } } }),
      { "spec.data[0].sourceRef": '{"storeRef":{"name":"b"}}' },
    ],
  ])("is %s, and none of the definition's defaults", (_, live, found) => {
    expect(added(secret, live, [rest, edit])).toEqual(found);
  });

  it("is nothing once a person has taken it back, whoever holds the list", () => {
    expect(added(secret, now(filled), [rest, edit])).toEqual({});
  });

  it("is nothing in a list that the program still holds: what it does not know is a later server's", () => {
    const live = now({ ...filled, laterDefault: "x" });
    expect(added(secret, live, [own])).toEqual({});
    expect(added(secret, live, [own, edited({ "f:refreshInterval": {} })])).toEqual({});
  });

  it("is seen as well when a person has applied the whole object, labels and all", () => {
    const both = held("kubectl", { ...labelled, "f:spec": { "f:data": {} } }, { operation: "Apply" });
    expect(added(secret, now({ ...filled, version: "3" }), [rest, both])).toEqual({
      "spec.data[0].remoteRef.version": "3",
    });
  });

  it("is an admission policy's narrowing to names that do not exist", () => {
    const rule = { apiGroups: ["a"], resources: ["b"], operations: ["CREATE"] };
    const policy = declared("ValidatingAdmissionPolicy", { matchConstraints: { resourceRules: [rule] } });
    const live = {
      matchConstraints: { resourceRules: [{ ...rule, scope: "*", resourceNames: ["nothing"] }] },
    };
    const list = { "f:matchConstraints": { "f:resourceRules": {} } };
    expect(added(policy, live, [applied({}), edited(list)])).toEqual({
      "spec.matchConstraints.resourceRules[0].resourceNames": '["nothing"]',
    });
  });

  it("is a network policy's range of ports, and the labels that its empty selector got", () => {
    const policy = declared("NetworkPolicy", { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] });
    const live = {
      podSelector: { matchLabels: { app: "none" } },
      egress: [{ ports: [{ port: 53, protocol: "TCP", endPort: 65_535 }] }],
    };
    expect(added(policy, live, [applied({}), edited({ "f:podSelector": {}, "f:egress": {} })])).toEqual({
      "spec.podSelector.matchLabels": '{"app":"none"}',
      "spec.egress[0].ports[0].endPort": "65535",
    });
  });

  it("is not said twice where the list is longer", () => {
    const live = { data: [...now(filled).data, { secretKey: "b", remoteRef: filled }] };
    expect(added(secret, live, [rest, edit])).toEqual({});
  });
});

describe("what somebody has added to an entry of a list that has keys", () => {
  const pod = (containers: readonly object[]) => ({
    jobTemplate: { spec: { template: { spec: { containers } } } },
  });
  const heldPod = (containers: object) => ({
    "f:jobTemplate": { "f:spec": { "f:template": { "f:spec": { "f:containers": containers } } } },
  });
  const port = { containerPort: 80 };
  const job = declared("CronJob", pod([{ name: "rotator", image: "node", ports: [port] }]));
  const field = "spec.jobTemplate.spec.template.spec.containers[0]";
  const own = applied(heldPod({ 'k:{"name":"rotator"}': { ".": {}, "f:name": {}, "f:image": {} } }));
  const container = {
    name: "rotator",
    image: "node",
    ports: [{ ...port, protocol: "TCP" }],
    imagePullPolicy: "Always",
    terminationMessagePath: "/dev/termination-log",
  };

  it("is a container's variables", () => {
    const edit = edited(heldPod({ 'k:{"name":"rotator"}': { "f:env": { ".": {} } } }));
    const env = [{ name: "NODE_OPTIONS", value: "--require=/tmp/x" }];
    expect(added(job, pod([{ ...container, env }]), [own, edit])).toEqual({
      [`${field}.env`]: JSON.stringify(env),
    });
  });

  it("is found by an entry's keys, where one of them is left to its default", () => {
    const key = 'k:{"containerPort":80,"protocol":"TCP"}';
    const edit = edited(heldPod({ 'k:{"name":"rotator"}': { "f:ports": { [key]: { "f:hostPort": {} } } } }));
    const ports = [{ ...port, protocol: "TCP", hostPort: 80 }];
    expect(added(job, pod([{ ...container, ports }]), [own, edit])).toEqual({
      [`${field}.ports[0].hostPort`]: "80",
    });
  });

  it("is nothing where a creator holds the server's defaults with its own fields", () => {
    const all = { "f:imagePullPolicy": {}, "f:terminationMessagePath": {}, "f:image": {} };
    const restored = edited(heldPod({ 'k:{"name":"rotator"}': all }), "velero-server");
    expect(added(job, pod([container]), [own, restored])).toEqual({});
  });
});

describe("what somebody has added to what a chart has made", () => {
  const helm = { "app.kubernetes.io/managed-by": "Helm" };
  const chart = (kind: string, rest: object) => ({ kind, metadata: { name: "eso", labels: helm }, ...rest });
  const template = (spec: object, annotations?: object) => ({
    template: { metadata: { labels: helm, annotations }, spec },
  });
  const deployment = { ...chart("Deployment", {}), spec: template({ serviceAccountName: "eso" }) };
  const creator = held("helm", {
    "f:metadata": { "f:labels": { "f:app.kubernetes.io/managed-by": {} } },
    "f:spec": { "f:template": { "f:spec": { "f:laterDefault": {}, "f:schedulerName": {} } } },
  });
  const created = { serviceAccountName: "eso", schedulerName: "default-scheduler", laterDefault: "x" };
  const change = (spec: object) => edited({ "f:template": { "f:spec": spec } });

  it("is nothing of what Helm's creation has brought with it", () => {
    expect(added(deployment, template(created), [creator])).toEqual({});
  });

  it("is a further container, and the host's processes", () => {
    const spec = { ...created, hostPID: true, initContainers: [{ name: "x", image: "y" }] };
    const edit = change({ "f:hostPID": {}, "f:initContainers": { ".": {} } });
    expect(added(deployment, template(spec), [creator, edit])).toEqual({
      "spec.template.spec.hostPID": "true",
      "spec.template.spec.initContainers": '[{"name":"x","image":"y"}]',
    });
  });

  it("is no restart and no scaling, but any other note to what runs its pods", () => {
    const names = ["kubectl.kubernetes.io/restartedAt", "vault-management/rotation-openai", "other"];
    const notes = Object.fromEntries(names.map((name) => [name, "x"]));
    const annotations = Object.fromEntries(names.map((name) => [`f:${name}`, {}]));
    const edit = edited({
      "f:replicas": {},
      "f:template": { "f:metadata": { "f:annotations": { ".": {}, ...annotations } } },
    });
    const spec = { replicas: 4, ...template(created, notes) };
    expect(added(deployment, spec, [creator, edit])).toEqual({
      "spec.template.metadata.annotations.other": "x",
    });
  });

  it("is no Secret that the token controller lists in an account", () => {
    const account = chart("ServiceAccount", { automountServiceAccountToken: false });
    const managedFields = [held("kube-controller-manager", { "f:secrets": {} })];
    const live = { ...account, secrets: [{ name: "t" }], metadata: { ...account.metadata, managedFields } };
    expect(addedFields(account, live)).toEqual([]);
  });

  it("is an address from outside that a Service is to answer for", () => {
    const service = { ...chart("Service", {}), spec: { ports: [{ port: 8080 }] } };
    const spec = { ...service.spec, clusterIP: "10.0.0.1", externalIPs: ["192.0.2.1"] };
    const edit = edited({ "f:externalIPs": {}, "f:clusterIP": {} });
    expect(added(service, spec, [edit])).toEqual({ "spec.externalIPs": '["192.0.2.1"]' });
  });
});
