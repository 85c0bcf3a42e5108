import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KubeClient } from "../../sandbox/node-agent/api/client.ts";
import { readKubeconfig } from "../../sandbox/node-agent/api/kubeconfig.ts";
import type { Container, Pod } from "../../sandbox/node-agent/api/types.ts";
import { startTimeOf } from "../../sandbox/processes/identity.ts";
import { until } from "../../sandbox/processes/until.ts";
import { up } from "../../sandbox/sandbox.ts";
import { useSandbox } from "./harness.ts";

const namespace = `node-agent-${randomBytes(3).toString("hex")}`;
const core = `/api/v1/namespaces/${namespace}`;
const batch = `/apis/batch/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const idle = "setInterval(() => {}, 1000)";
const patient = { deadlineMs: 60_000, intervalMs: 100 };

let client: KubeClient;
let root: string;

beforeAll(async () => {
  const sandbox = await useSandbox();
  root = sandbox.paths.root;
  client = new KubeClient(readKubeconfig(sandbox.kubernetes.kubeconfigs.admin));
  await client.send("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
  await until("the namespace had its service account", patient, () =>
    client.get(`${core}/serviceaccounts/default`).catch(() => undefined),
  );
  // It is due at the next full minute; its test is the last one.
  const template = job("tick", script("console.log('tick')")).spec;
  await client.send("POST", `${batch}/cronjobs`, {
    metadata: { name: "tick" },
    spec: { schedule: "* * * * *", jobTemplate: { spec: template } },
  });
});

afterAll(async () => {
  await client.send("DELETE", `/api/v1/namespaces/${namespace}`);
  await until("the namespace was gone", patient, async () => {
    const found = await client.get<object>(`/api/v1/namespaces/${namespace}`).catch(() => undefined);
    return found === undefined ? true : undefined;
  });
});

describe("Jobs", () => {
  test("a Job runs its init container, then completes with its output, in an environment of its own", async () => {
    const container = {
      ...script(
        `const fs = require("node:fs");
        console.log(fs.readFileSync("/work/greeting", "utf8"), process.env.SELF, JSON.stringify(Object.keys(process.env).sort()));
        fs.writeFileSync("/dev/termination-log", "all done");`,
      ),
      env: [{ name: "SELF", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      volumeMounts: [{ name: "work", mountPath: "/work" }],
    };
    const init = {
      ...script(`require("node:fs").writeFileSync("/work/greeting", "hello from init")`),
      name: "prepare",
      volumeMounts: [{ name: "work", mountPath: "/work" }],
    };
    const spec = { initContainers: [init], volumes: [{ name: "work", emptyDir: {} }] };
    await client.send("POST", `${batch}/jobs`, job("greet", container, spec));
    await jobCondition("greet", "Complete");
    const pod = await firstPod("job-name=greet");
    const variables =
      '["HOME","KUBECONFIG","KUBERNETES_SERVICE_HOST","KUBERNETES_SERVICE_PORT","PATH","SELF","TMPDIR"]';
    expect(log(pod)).toBe(`hello from init ${pod.metadata?.name} ${variables}\n`);
    expect(pod.status).toMatchObject({ phase: "Succeeded", podIP: "127.0.0.1" });
    const terminated = { exitCode: 0, reason: "Completed", message: "all done" };
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject(terminated);
  });

  test("a Job that fails is tried again as often as its backoffLimit says, and tells why", async () => {
    const container = {
      ...script(`console.error("no such thing"); process.exit(3)`),
      terminationMessagePolicy: "FallbackToLogsOnError",
    };
    await client.send("POST", `${batch}/jobs`, job("fail", container, {}, { backoffLimit: 1 }));
    await jobCondition("fail", "Failed");
    const pods = await listPods("job-name=fail");
    expect(pods).toHaveLength(2);
    const terminated = { exitCode: 3, reason: "Error", message: "no such thing" };
    expect(pods[0]?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject(terminated);
  });

  test("a pod that takes longer than its deadline is ended and fails", async () => {
    const pod = barePod("slow", script(idle), { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 1 });
    await client.send("POST", `${core}/pods`, pod);
    const failed = await podThat("slow", "failed", ({ status }) => status?.phase === "Failed");
    expect(failed.status?.reason).toBe("DeadlineExceeded");
  });
});

describe("Deployments", () => {
  test("two replicas that name the same port are both Ready, each on a port of its own", async () => {
    const server = `const [host, port] = process.argv[1].split("=")[1].split(":");
      require("node:http").createServer((_, response) => response.end("served")).listen(Number(port), host)`;
    const container = {
      ...script(server),
      args: ["-e", server, "--", "--listen=:8080"],
      ports: [{ name: "http", containerPort: 8080 }],
      readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
    };
    await client.send("POST", `${apps}/deployments`, deployment("web", container));
    await until("both replicas were available", patient, async () => {
      const found = await client.get<{ status?: { availableReplicas?: number } }>(`${apps}/deployments/web`);
      return found.status?.availableReplicas === 2 ? true : undefined;
    });
    const pods = await listPods("app=web");
    const ports = pods.map((pod) => pod.metadata?.annotations?.["sandbox/port-8080"]);
    expect(new Set(ports).size).toBe(2);
    for (const port of ports) expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("served");
    await client.send("DELETE", `${apps}/deployments/web`);
    await until("nothing listened any more", patient, async () => {
      const answers = await Promise.allSettled(ports.map((port) => fetch(`http://127.0.0.1:${port}`)));
      return answers.every(({ status }) => status === "rejected") ? true : undefined;
    });
  });

  test("a container that crashes, or whose liveness probe fails, is started again", async () => {
    await client.send(
      "POST",
      `${core}/pods`,
      barePod("crash", script("process.exit(7)"), { restartPolicy: "Always" }),
    );
    const alive = "require('node:fs').existsSync('/state/dead') || process.exit(1)";
    const container = {
      ...script(idle),
      volumeMounts: [{ name: "state", mountPath: "/state" }],
      livenessProbe: {
        exec: { command: ["node", "-e", alive] },
        periodSeconds: 1,
        failureThreshold: 1,
        timeoutSeconds: 5,
      },
    };
    const spec = {
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: "state", emptyDir: {} }],
    };
    await client.send("POST", `${core}/pods`, barePod("sick", container, spec));
    const crashed = await podThat("crash", "restarted twice", (pod) => restarts(pod) >= 2);
    expect(crashed.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(7);
    await podThat("sick", "restarted", (pod) => restarts(pod) >= 1);
    expect(await eventMessages("sick", "Unhealthy")).toEqual([
      expect.stringContaining("Liveness probe failed"),
    ]);
  });
});

describe("Volumes", () => {
  test("a changed ConfigMap and Secret reach the files of a running pod, which only their owner can read", async () => {
    await client.send("POST", `${core}/configmaps`, {
      metadata: { name: "settings" },
      data: { mode: "one" },
    });
    await client.send("POST", `${core}/secrets`, {
      metadata: { name: "keys" },
      stringData: { key: "alpha" },
    });
    const watch = `const fs = require("node:fs"); let last;
      setInterval(() => {
        const mode = (fs.statSync("/etc/keys/renamed").mode & 0o777).toString(8);
        const now = fs.readFileSync("/etc/settings/mode", "utf8") + fs.readFileSync("/etc/keys/renamed", "utf8") + mode;
        if (now !== last) console.log(now);
        last = now;
      }, 50)`;
    const container = {
      ...script(watch),
      volumeMounts: [
        { name: "settings", mountPath: "/etc/settings" },
        { name: "keys", mountPath: "/etc/keys" },
      ],
    };
    const volumes = [
      { name: "settings", configMap: { name: "settings" } },
      { name: "keys", secret: { secretName: "keys", items: [{ key: "key", path: "renamed" }] } },
    ];
    const grace = { terminationGracePeriodSeconds: 1 };
    await client.send("POST", `${core}/pods`, barePod("reader", container, { volumes, ...grace }));
    const pod = await podThat("reader", "running", isReady);
    await logThat(pod, "onealpha600\n");
    await client.send("PATCH", `${core}/configmaps/settings`, { data: { mode: "two" } });
    await client.send("PATCH", `${core}/secrets/keys`, { stringData: { key: "beta" } });
    await logThat(pod, "twobeta600\n");
  });

  test("a projected token is the pod's own, for the audience that the volume names", async () => {
    const read = `console.log(require("node:fs").readFileSync("/tokens/vault", "utf8"))`;
    const container = { ...script(read), volumeMounts: [{ name: "tokens", mountPath: "/tokens" }] };
    const source = { serviceAccountToken: { path: "vault", audience: "vault", expirationSeconds: 600 } };
    const volumes = [{ name: "tokens", projected: { sources: [source] } }];
    await client.send("POST", `${core}/pods`, barePod("token", container, { volumes }));
    const pod = await podThat("token", "done", ({ status }) => status?.phase === "Succeeded");
    const review = { spec: { token: log(pod).trim(), audiences: ["vault"] } };
    const reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    const { status } = await client.send<{ status: object }>("POST", reviews, review);
    const user = { username: `system:serviceaccount:${namespace}:default` };
    expect(status).toMatchObject({ authenticated: true, audiences: ["vault"], user });
  });

  test("a pod can call the API server with the kubeconfig that stands for its in-cluster configuration", async () => {
    const call = `const fs = require("node:fs");
      const config = JSON.parse(fs.readFileSync(process.env.KUBECONFIG, "utf8"));
      const { server, "certificate-authority": ca } = config.clusters[0].cluster;
      const token = fs.readFileSync(config.users[0].user.tokenFile, "utf8");
      const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
      const path = server + "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      const request = require("node:https").request(path, { method: "POST", headers, ca: fs.readFileSync(ca) }, (response) => {
        response.on("data", (data) => console.log(JSON.parse(data).status.userInfo.username));
      });
      request.end(JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }));`;
    await client.send("POST", `${core}/pods`, barePod("caller", script(call)));
    const pod = await podThat("caller", "ended", ({ status }) => status?.phase === "Succeeded");
    expect(log(pod)).toBe(`system:serviceaccount:${namespace}:default\n`);
  });
});

describe("What cannot run", () => {
  test("an image without a local binary leaves the pod Pending, with an event that names it", async () => {
    const container = { ...script(""), image: "registry.example/team/tool:1.2" };
    await client.send("POST", `${core}/pods`, barePod("foreign", container));
    const pod = await podThat("foreign", "refused", (one) => waitingReason(one) !== undefined);
    expect(waitingReason(pod)).toBe("ErrImageNeverPull");
    expect(pod.status?.phase).toBe("Pending");
    const [message] = await eventMessages("foreign", "ErrImageNeverPull");
    expect(message).toContain('image "registry.example/team/tool:1.2"');
    expect(message).toContain("mapped: ");
  });

  test("a missing ConfigMap holds a container back until it is there", async () => {
    const container = {
      ...script("console.log(process.env.WORD)"),
      envFrom: [{ configMapRef: { name: "late" } }],
    };
    await client.send("POST", `${core}/pods`, barePod("waiting", container));
    await podThat("waiting", "held back", (one) => waitingReason(one) === "CreateContainerConfigError");
    await client.send("POST", `${core}/configmaps`, { metadata: { name: "late" }, data: { WORD: "here" } });
    const pod = await podThat("waiting", "done", ({ status }) => status?.phase === "Succeeded");
    expect(log(pod)).toBe("here\n");
  });
});

describe("Ends", () => {
  test("deleting a pod ends its process, the processes that this one started, and the pod", async () => {
    const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", "${idle}"]);
      console.log(process.pid, child.pid); ${idle}`;
    await client.send("POST", `${core}/pods`, barePod("parent", script(parent)));
    const pod = await podThat("parent", "running", isReady);
    const pids = await until("it said its pids", patient, async () => log(pod).match(/\d+/g)?.map(Number));
    await client.send("DELETE", `${core}/pods/parent`);
    await until("the pod was gone", patient, async () => {
      const found = await client.get<Pod>(`${core}/pods/parent`).catch(() => undefined);
      return found === undefined ? true : undefined;
    });
    for (const pid of pids) expect(await isRunning(pid)).toBe(false);
  });

  test("after the agent was killed, the next one ends what it left and starts the pods anew", async () => {
    const { pod, pid } = await lastingPod("lasting");
    await endAgent("SIGKILL");
    expect(await isRunning(pid)).toBe(true);
    await up({ root });
    await runsAgain(pod, pid);
  });

  test("an agent that is asked to end ends its processes, and leaves its pods, not ready, to the next one", async () => {
    const { pod, pid } = await lastingPod("suspended");
    await endAgent("SIGTERM");
    expect(await isRunning(pid)).toBe(false);
    const left = await podThat("suspended", "not ready", (one) => !isReady(one));
    expect(left.status?.phase).toBe("Running");
    await up({ root });
    await runsAgain(pod, pid);
  });
});

test("a CronJob runs its Jobs", async () => {
  const finished = await until("the CronJob's first pod was done", { deadlineMs: 90_000 }, async () => {
    const pods = await listPods("app=tick");
    // The newest: of older ones the CronJob keeps three, and removes the next one any moment.
    return pods
      .filter(({ status }) => status?.phase === "Succeeded")
      .toSorted((a, b) => startOf(a) - startOf(b))
      .at(-1);
  });
  expect(log(finished)).toBe("tick\n");
});

function startOf({ status }: Pod): number {
  return Date.parse(status?.startTime ?? "");
}

/** A container that runs a script in Node. */
function script(code: string): Container & { image: string } {
  return { name: "main", image: "node:24", command: ["node"], args: ["-e", code] };
}

function barePod(name: string, container: object, spec: object = {}): object {
  return { metadata: { name }, spec: { restartPolicy: "Never", containers: [container], ...spec } };
}

function job(name: string, container: object, podSpec: object = {}, jobSpec: object = {}) {
  const spec = { restartPolicy: "Never", containers: [container], ...podSpec };
  return {
    metadata: { name },
    spec: { ...jobSpec, template: { metadata: { labels: { app: name } }, spec } },
  };
}

function deployment(name: string, container: object): object {
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return {
    metadata: { name },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

async function listPods(labelSelector: string): Promise<readonly Pod[]> {
  return (await client.get<{ items: Pod[] }>(`${core}/pods`, { labelSelector })).items;
}

async function firstPod(labelSelector: string): Promise<Pod> {
  const [pod] = await listPods(labelSelector);
  if (pod === undefined) throw new Error(`no pod with ${labelSelector}`);
  return pod;
}

function podThat(name: string, what: string, holds: (pod: Pod) => boolean): Promise<Pod> {
  return until(`pod ${name} was ${what}`, patient, async () => {
    const pod = await client.get<Pod>(`${core}/pods/${name}`);
    return holds(pod) ? pod : undefined;
  });
}

async function jobCondition(name: string, type: string): Promise<void> {
  await until(`job ${name} was ${type}`, patient, async () => {
    const found = await client.get<{ status?: { conditions?: { type: string }[] } }>(`${batch}/jobs/${name}`);
    return found.status?.conditions?.find((one) => one.type === type);
  });
}

async function eventMessages(pod: string, reason: string): Promise<readonly string[]> {
  const fieldSelector = `involvedObject.name=${pod},reason=${reason}`;
  return until(`pod ${pod} had an event ${reason}`, patient, async () => {
    const { items } = await client.get<{ items: { message: string }[] }>(`${core}/events`, { fieldSelector });
    return items.length === 0 ? undefined : items.map(({ message }) => message);
  });
}

/** A pod that runs until it is ended, and the pid of its process. */
async function lastingPod(name: string): Promise<{ readonly pod: Pod; readonly pid: number }> {
  const container = script(`console.log(process.pid); ${idle}`);
  await client.send("POST", `${core}/pods`, barePod(name, container, { terminationGracePeriodSeconds: 1 }));
  const pod = await podThat(name, "running", isReady);
  const pid = await until("it said its pid", patient, async () => log(pod).match(/\d+/g)?.map(Number)[0]);
  return { pod, pid };
}

async function endAgent(signal: NodeJS.Signals): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(root, "node", "agent.json"), "utf8")) as { pid: number };
  process.kill(pid, signal);
  await until("the agent was gone", patient, async () => ((await isRunning(pid)) ? undefined : true));
}

async function runsAgain(pod: Pod, earlier: number): Promise<void> {
  await podThat(pod.metadata?.name ?? "", "running again", (one) => restarts(one) === 1 && isReady(one));
  expect(await isRunning(earlier)).toBe(false);
  await until("it said its new pid", patient, async () =>
    log(pod).match(/\d+/g)?.length === 2 ? true : undefined,
  );
}

function log(pod: Pod): string {
  return readFileSync(join(root, "node", "logs", `${namespace}_${pod.metadata?.name}_main.log`), "utf8");
}

async function logThat(pod: Pod, line: string): Promise<void> {
  await until(`the log had ${JSON.stringify(line)}`, patient, async () =>
    log(pod).includes(line) ? true : undefined,
  );
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function restarts(pod: Pod): number {
  return pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
}

function waitingReason(pod: Pod): string | undefined {
  const reason = pod.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  return reason === "ContainerCreating" || reason === "PodInitializing" ? undefined : reason;
}

/** Whether a process runs; one that ended but was not waited for does not. */
async function isRunning(pid: number): Promise<boolean> {
  return (await startTimeOf(pid)) !== undefined;
}
