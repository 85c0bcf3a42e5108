import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it, with what Pulumi's own mocks leave out: options and edges. */
export interface RecordedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** As the provider would get them; a secret value stands as an object with Pulumi's secret signature. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly custom: boolean;
  /** `<urn>::<id>` of the explicit provider; empty when there is none. */
  readonly provider: string;
  /** URN; empty at the root. */
  readonly parent: string;
  /** URNs of `dependsOn` and of every resource whose output is an input, sorted. */
  readonly dependencies: readonly string[];
  /** Input -> URNs that it comes from. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly aliases: number;
  readonly customTimeouts: Readonly<Record<string, string>>;
}

export interface MockOptions {
  readonly project?: string;
  readonly stack?: string;
  readonly preview?: boolean;
  /** Outputs beyond the echoed inputs, by resource; e.g. what a StackReference gives. */
  readonly outputs?: (args: pulumi.runtime.MockResourceArgs) => Readonly<Record<string, unknown>>;
}

/** What stands in a serialized secret; fixed by Pulumi's wire format (sdk/nodejs/runtime/rpc.ts). */
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a secret stands anywhere in `value`. */
export function holdsSecret(value: unknown): boolean {
  return JSON.stringify(value)?.includes(SECRET_SIGNATURE) ?? false;
}

/** Runs `program` against mocks that echo inputs as outputs, and gives all it registered, in order of registration. */
export async function recordResources(
  program: () => unknown,
  options: MockOptions = {},
): Promise<readonly RecordedResource[]> {
  const recorded: RecordedResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => ({
        id: args.custom === true ? `${args.name}-id` : undefined,
        state: { ...args.inputs, ...options.outputs?.(args) },
      }),
      call: (args) => args.inputs,
    },
    options.project ?? "vault-management",
    options.stack ?? "test",
    options.preview ?? false,
    "organization",
  );
  const monitor = mockMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (!error && response) recorded.push(recordOf(request, response.getUrn()));
      callback(error, response);
    });
  await program();
  await pulumi.runtime.disconnect();
  return recorded;
}

/** The one resource of that type (and logical name); throws, naming those there are, when it is not exactly one. */
export function only(resources: readonly RecordedResource[], type: string, name?: string): RecordedResource {
  const found = resources.filter((one) => one.type === type && (name === undefined || one.name === name));
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  const all = resources.map((one) => `${one.type} ${one.name}`).join("\n");
  throw new Error(`${found.length} resources ${type} ${name ?? ""}, among:\n${all}`);
}

/** A value of an output, for assertions. */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getProvider(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(visit: (value: { getUrnsList(): string[] }, key: string) => void): void;
  };
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getAliasesList(): unknown[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}

type Callback = (error: unknown, response: { getUrn(): string } | undefined) => void;

interface Monitor {
  registerResource(request: RegisterRequest, callback: Callback): unknown;
}

function mockMonitor(): Monitor {
  const settings = pulumi.runtime as unknown as { getMonitor(): Monitor };
  return settings.getMonitor();
}

function recordOf(request: RegisterRequest, urn: string): RecordedResource {
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  const timeouts = request.getCustomtimeouts();
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    inputs: request.getObject()?.toJavaScript() ?? {},
    custom: request.getCustom(),
    provider: request.getProvider(),
    parent: request.getParent(),
    dependencies: request.getDependenciesList().toSorted(),
    propertyDependencies,
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
    aliases: request.getAliasesList().length,
    customTimeouts: timeouts
      ? { create: timeouts.getCreate(), update: timeouts.getUpdate(), delete: timeouts.getDelete() }
      : {},
  };
}
