import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ServerName, ServerSource } from "../../../sandbox/toolchain/servers.ts";

/**
 * A stand-in for go: it writes down what it is asked, and makes a script instead of a server. FAKE_GO_VERSION
 * is its version; FAKE_GO_FAIL names a package that does not compile; FAKE_GO_HANG names one that writes half a
 * binary and then stays, its pid in FAKE_GO_LOG.pid.
 */
const fakeGo = `#!/bin/sh
echo "$* | $PWD | $CGO_ENABLED $GOFLAGS $GOWORK" >> "$FAKE_GO_LOG"
case "$1" in
version) echo "go version $FAKE_GO_VERSION linux/amd64" ;;
mod) echo "{\\"Dir\\": \\"$FAKE_GO_OPERATOR\\"}" ;;
build)
  while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
  echo "go: downloading example.test/noise v1.0.0" >&2
  if [ "$1" = "$FAKE_GO_FAIL" ]; then
    i=1; while [ $i -le 30 ]; do echo "main.go:$i: undefined: thing$i" >&2; i=$((i+1)); done
    echo "go: downloading example.test/more v1.0.0" >&2
    exit 1
  fi
  if [ "$1" = "$FAKE_GO_HANG" ]; then
    echo half > "$out"; chmod +x "$out"; echo $$ > "$FAKE_GO_LOG.pid"; exec sleep 60
  fi
  printf '#!/bin/sh\\necho built %s\\n' "$1" > "$out"; chmod +x "$out" ;;
esac
`;

const goModule = (name: string) => `example.test/${name}`;

/** A server of the test's own, pinned at v3.6.5. */
export function fakeServer(name: ServerName): ServerSource {
  return {
    name,
    module: name,
    package: `${goModule(name)}/cmd`,
    goModule: goModule(name),
    environmentVariable: `SANDBOX_${name.toUpperCase().replaceAll("-", "_")}_BINARY`,
    version: { arguments: ["--version"], answer: new RegExp(`^${name} (\\S+)`, "m") },
  };
}

/** A folder with a fake go, Go modules and the operator's files, and options that use nothing else. */
export class Workshop {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly options: {
    env: NodeJS.ProcessEnv;
    cacheDirectory: string;
    modulesDirectory: string;
    servers: readonly ServerSource[];
  };

  private constructor(root: string, names: readonly ServerName[]) {
    this.root = root;
    this.env = {
      PATH: [join(root, "bin"), join(root, "go"), "/usr/bin", "/bin"].join(":"),
      FAKE_GO_VERSION: "go1.26.1",
      FAKE_GO_LOG: join(root, "go.log"),
      FAKE_GO_OPERATOR: join(root, "operator"),
    };
    this.options = {
      env: this.env,
      cacheDirectory: join(root, "cache"),
      modulesDirectory: join(root, "modules"),
      servers: names.map(fakeServer),
    };
  }

  static async open(names: readonly ServerName[] = ["etcd", "vault"]): Promise<Workshop> {
    const shop = new Workshop(await mkdtemp(join(tmpdir(), "toolchain-test-")), names);
    await shop.script("go/go", fakeGo);
    for (const name of new Set<ServerName>([...names, "external-secrets"])) {
      await shop.file(
        `modules/${name}/go.mod`,
        `module x\n\nrequire (\n\t${goModule(name)} v3.6.5 // indirect\n)\n`,
      );
      await shop.file(`modules/${name}/go.sum`, `${goModule(name)} v3.6.5 h1:abc=\n`);
    }
    const chart = "operator/deploy/charts/external-secrets";
    await shop.file(
      `${chart}/Chart.yaml`,
      "name: external-secrets\nversion: 1.0.0\ndependencies:\n  - name: bitwarden-sdk-server\n    version: v1\n",
    );
    await shop.file(`${chart}/Chart.lock`, "dependencies: []\n");
    await shop.file(`${chart}/templates/a.yaml`, "kind: Deployment\n");
    await chmod(join(shop.root, chart, "Chart.yaml"), 0o444);
    await shop.file("operator/deploy/crds/bundle.yaml", "kind: CustomResourceDefinition\n");
    return shop;
  }

  async file(path: string, content: string): Promise<string> {
    const full = join(this.root, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content);
    return full;
  }

  async script(path: string, content: string): Promise<string> {
    const full = await this.file(path, content);
    await chmod(full, 0o755);
    return full;
  }

  /** A server that says it is `name` at `version`. */
  async server(path: string, name: ServerName, version: string): Promise<string> {
    return this.script(path, `#!/bin/sh\necho "${name} ${version}"\n`);
  }

  /** What go was asked to do since the test began, one line a call. */
  async goCalls(): Promise<readonly string[]> {
    const log = await readFile(join(this.root, "go.log"), "utf8").catch(() => "");
    return log.split("\n").filter((line) => line !== "");
  }

  /** Everything in the cache, files and folders, sorted. */
  async cached(): Promise<readonly string[]> {
    return (await readdir(this.options.cacheDirectory, { recursive: true }).catch(() => [])).sort();
  }

  async close(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
