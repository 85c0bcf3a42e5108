import type { KubeConfig } from "@kubernetes/client-node";
import {
  KubernetesError,
  type KubernetesMethod,
  KubernetesReader,
  kubernetesConnection,
  type ObjectRef,
  orMissing,
  refOf,
} from "../../../clients/kubernetes.ts";
import type { Fields } from "../../../resources/values.ts";
import { until } from "../../processes/until.ts";
import { requireLoopback } from "../loopback.ts";

/** Between two looks at what the server has no event for. */
const intervalMs = 200;

/** Field manager of everything that this engine applies. */
export const fieldManager = "sandbox.vault-management";

/** A few operations on objects of any kind. */
export class KubernetesClient extends KubernetesReader {
  /** A client for the current context, whose server must be on loopback. */
  static async connect(config: KubeConfig): Promise<KubernetesClient> {
    const server = config.getCurrentCluster()?.server;
    requireLoopback({ [`server of the context ${config.getCurrentContext()}`]: server });
    return new KubernetesClient(await kubernetesConnection(config));
  }

  /** Server-side apply; takes over fields that another manager holds. Waits for the kind to be served. */
  async apply(object: Fields): Promise<Fields> {
    const ref = refOf(object);
    // A kind whose CRD was just established is served moments later.
    const path = await until(
      `the API server served ${ref.apiVersion} ${ref.kind}`,
      { deadlineMs: 30_000, intervalMs },
      () => this.pathOf(ref),
    );
    return this.send("PATCH", `${path}?fieldManager=${fieldManager}&force=true`, object);
  }

  /** Deletes and waits until it is gone, finalizers included. */
  async delete(ref: ObjectRef, timeoutMs: number): Promise<void> {
    const path = await this.pathOf(ref);
    if (path === undefined) return;
    await orMissing(() => this.send("DELETE", path));
    await until(`${ref.kind} ${ref.name} was gone`, { deadlineMs: timeoutMs, intervalMs }, async () =>
      (await this.read(ref)) === undefined ? true : undefined,
    );
  }

  /** Asked again while the API server says 429: it prepares the storage of a kind that was defined a moment ago. */
  protected override async send(method: KubernetesMethod, path: string, body?: Fields): Promise<Fields> {
    const outcome = await until(
      `${method} ${path} was served`,
      { deadlineMs: 30_000, intervalMs },
      async () => {
        try {
          return { answer: await super.send(method, path, body) };
        } catch (error) {
          if (error instanceof KubernetesError && error.status === 429) return undefined;
          throw error;
        }
      },
    );
    return outcome.answer;
  }
}
