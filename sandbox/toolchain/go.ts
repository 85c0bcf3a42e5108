import { spawn } from "node:child_process";
import { ToolchainError } from "./errors.ts";
import { findOnPath } from "./locate.ts";

/** The newest `go` line of the modules here. */
const minimumGo = { major: 1, minor: 26 } as const;
const tailLines = 20;
/** Module downloads are announced one a line, and would push the compiler's message out of sight. */
const noise = /^go: (downloading|finding) /;

const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The system that binaries are built for: the one this process runs on, whatever GOOS and GOARCH say. */
export const target = {
  os: process.platform === "win32" ? "windows" : process.platform,
  architecture: architectures[process.arch] ?? process.arch,
} as const;

export interface GoResult {
  /** The exit code, or the name of the signal that ended it. */
  readonly status: number | NodeJS.Signals;
  readonly output: string;
  /** The last lines of both streams, without download messages. */
  readonly tail: string;
}

/** A thing that needs Go to be made, and how to do without. */
export interface NeedsGo {
  readonly what: string;
  /** Folder of its Go module. */
  readonly module: string;
  readonly environmentVariables: readonly string[];
}

/**
 * The path of a Go that is new enough.
 * @throws ToolchainError when there is none: with what was found, what is needed, and for what.
 */
export async function requireGo(
  env: NodeJS.ProcessEnv,
  moduleDirectory: string,
  needs: readonly NeedsGo[],
): Promise<string> {
  const go = await findOnPath("go", env);
  const found = go === undefined ? "no go on PATH" : await describeGo(go, env, moduleDirectory);
  const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(found) ?? [];
  const newEnough =
    Number(major) > minimumGo.major ||
    (Number(major) === minimumGo.major && Number(minor) >= minimumGo.minor);
  if (go !== undefined && newEnough) return go;
  throw new ToolchainError(goMessage(found, needs));
}

/** Runs go in a module's folder until it ends; a failure is a `status` other than 0, not an error. */
export async function runGo(
  go: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<GoResult> {
  const child = spawn(go, [...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let messages = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    messages += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  const status = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code ?? 1));
  });
  return { status, output, tail: lastLines(messages) };
}

/**
 * The environment for go. What decides how these modules build is fixed here; where Go fetches and keeps
 * things (GOPROXY, GOMODCACHE, GOCACHE and so on) stays the user's.
 */
export function goEnvironment(env: NodeJS.ProcessEnv, temporary?: string): NodeJS.ProcessEnv {
  return {
    ...env,
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    GOOS: target.os,
    GOARCH: target.architecture,
    // The Go that was checked is the one that builds, unless the user asked for switching.
    GOTOOLCHAIN: env.GOTOOLCHAIN || "local",
    // Fewer garbage collections in the compiler, for some more memory.
    GOGC: env.GOGC || "400",
    ...(temporary === undefined ? {} : { GOTMPDIR: temporary }),
  };
}

async function describeGo(go: string, env: NodeJS.ProcessEnv, moduleDirectory: string): Promise<string> {
  const result = await runGo(go, ["version"], { cwd: moduleDirectory, env: goEnvironment(env) });
  const version = /^go version (.+)$/m.exec(result.output)?.[1];
  return `${version ?? "a go that does not say its version"} at ${go}`;
}

function goMessage(found: string, needs: readonly NeedsGo[]): string {
  const required = `${minimumGo.major}.${minimumGo.minor}`;
  return [
    `Go ${required} or newer is needed, found: ${found}. Nothing was started.`,
    "It would make:",
    ...needs.map((need) => `  ${need.what} (or set ${need.environmentVariables.join(" and ")})`),
    `Install Go ${required} from https://go.dev/dl/ and put it on PATH, or set the variables above to existing files.`,
  ].join("\n");
}

function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !noise.test(line));
  return lines.slice(-tailLines).join("\n");
}
