import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Step {
  readonly shell?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
}
interface Job {
  readonly if?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = new URL("../../../.github/workflows/", import.meta.url);
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  return { name, text, content: parse(text) as Workflow };
});

describe("the workflows", () => {
  it("are check, preview, deploy and drift", () => {
    expect(workflows.map(({ name }) => name).sort()).toEqual([
      "check.yml",
      "deploy.yml",
      "drift.yml",
      "preview.yml",
    ]);
  });

  describe.each(workflows)("$name", ({ text, content }) => {
    it("pins every action of others by digest", () => {
      const uses = Object.values(content.jobs)
        .flatMap(({ steps }) => steps.map((step) => step.uses))
        .filter((action) => action !== undefined && !action.startsWith("./"));
      expect(uses.length).toBeGreaterThan(0);
      for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    });

    it("grants nothing by default but reading the repository", () => {
      expect([{}, { contents: "read" }]).toContainEqual(content.permissions);
    });

    it("never reads a stored credential", () => {
      expect(text).not.toMatch(/secrets\./);
    });

    it("never runs a pull request's code with the target branch's rights", () => {
      expect(Object.keys(content.on)).not.toContain("pull_request_target");
    });
  });

  it("gives an identity to a pull request only when it comes from this repository", () => {
    const onPullRequest = workflows.filter(({ content }) => "pull_request" in content.on);
    const withIdentity = onPullRequest.flatMap(({ content }) =>
      Object.values(content.jobs).filter((job) => job.permissions?.["id-token"] !== undefined),
    );
    expect(withIdentity.length).toBe(1);
    for (const job of withIdentity) {
      expect(job.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    }
  });

  it("tells a pull request's change of access without giving its code an identity or a right to write", () => {
    const { access, comment } = workflows.find(({ name }) => name === "preview.yml")?.content.jobs ?? {};
    expect(access?.permissions).toEqual({ contents: "read" });
    expect(access?.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(access?.steps.map(({ run }) => run ?? "").join("\n")).toContain("--diff HEAD^1 --markdown");
    expect(comment?.permissions).toEqual({ "pull-requests": "write" });
    const [post, ...more] = comment?.steps ?? [];
    expect(more).toEqual([]);
    expect(post).not.toHaveProperty("uses");
    expect(post?.run).not.toMatch(/\$\{\{|npm|node|git /);
  });

  it("deploys nothing but a push to main that has passed the checks, or what a person asks for", () => {
    const deploy = workflows.find(({ name }) => name === "deploy.yml")?.content;
    expect(deploy?.on).toEqual({
      workflow_run: { workflows: ["check"], types: ["completed"], branches: ["main"] },
      workflow_dispatch: null,
    });
    const condition = deploy?.jobs.deploy?.if ?? "";
    expect(condition).toContain("workflow_run.conclusion == 'success'");
    expect(condition).toContain("workflow_run.event == 'push'");
  });

  it("lets only deploy change anything", () => {
    const commands = workflows.flatMap(({ name, text }) =>
      [...text.matchAll(/^\s+command: (\w+)$/gm)].map(([, command]) => `${name} ${command}`),
    );
    expect(commands.sort()).toEqual(["deploy.yml up", "preview.yml preview"]);
  });

  it("looks for drift every day, and fails on it, without a right or a step to change anything", () => {
    const drift = workflows.find(({ name }) => name === "drift.yml")?.content;
    expect(drift?.on).toHaveProperty("schedule");
    const steps = drift?.jobs.drift?.steps ?? [];
    const runs = steps.flatMap(({ run }) => run ?? []);
    expect(runs).toEqual(["npm ci", expect.stringMatching(/^npm run -s drift -- --stack "\$STACK" \| tee /)]);
    expect(steps.find(({ run }) => run?.includes("drift"))).toMatchObject({ shell: "bash" }); // with pipefail
    expect(steps.find(({ uses }) => uses === "./.github/actions/connect")?.with?.["vault-role"]).toMatch(
      /-previewer$/,
    );
  });

  it.each(["preview.yml", "deploy.yml"])("runs %s under the policy pack", (file) => {
    const steps = Object.values(workflows.find(({ name }) => name === file)?.content.jobs ?? {}).flatMap(
      (job) => job.steps,
    );
    const pulumi = steps.filter(({ uses }) => uses?.startsWith("pulumi/actions@"));
    expect(pulumi.map((step) => step.with?.policyPacks)).toEqual(["policy"]);
    expect(existsSync(new URL("../../policy/PulumiPolicy.yaml", folder))).toBe(true);
  });
});
