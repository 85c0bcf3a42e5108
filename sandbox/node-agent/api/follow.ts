import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type KubeClient } from "./client.ts";

type Listed = { readonly metadata?: { readonly resourceVersion?: string } };

/** What a follower is told: the whole list at the start and after every gap, single changes in between. */
export type Handler<T> = {
  readonly onList: (items: readonly T[]) => void;
  readonly onChange: (item: T) => void;
  readonly onDelete: (item: T) => void;
};

/** How long the server holds a watch before it is opened again (the API's own default is a random 30-60 min). */
const WATCH_SECONDS = "300";
const MAX_RETRY_MS = 10_000;

/**
 * Lists a collection and follows its changes until the signal aborts. When the watch breaks or its version is
 * too old, the collection is listed again; failures are retried with a growing pause (0.25 s to 10 s).
 */
export async function follow<T extends Listed>(
  client: KubeClient,
  path: string,
  handler: Handler<T>,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  let retryMs = 250;
  while (!signal.aborted) {
    try {
      let version = await listOnce(client, path, handler);
      while (!signal.aborted) {
        version = await watchOnce(client, path, version, handler, signal);
        retryMs = 250;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError && error.status === 410)) {
        log(`${path}: ${error instanceof Error ? error.message : String(error)}; listing again`);
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
  }
}

async function listOnce<T>(client: KubeClient, path: string, handler: Handler<T>): Promise<string> {
  const list = await client.get<{ items: T[]; metadata: { resourceVersion: string } }>(path);
  handler.onList(list.items);
  return list.metadata.resourceVersion;
}

async function watchOnce<T extends Listed>(
  client: KubeClient,
  path: string,
  from: string,
  handler: Handler<T>,
  signal: AbortSignal,
): Promise<string> {
  let version = from;
  const query = { resourceVersion: from, allowWatchBookmarks: "true", timeoutSeconds: WATCH_SECONDS };
  await client.watch<T & { code?: number; message?: string }>(
    path,
    query,
    ({ type, object }) => {
      if (type === "ERROR")
        throw new ApiError(object.code ?? 500, "WatchError", object.message ?? "watch failed");
      version = object.metadata?.resourceVersion ?? version;
      if (type === "DELETED") handler.onDelete(object);
      else if (type !== "BOOKMARK") handler.onChange(object);
    },
    signal,
  );
  return version;
}
