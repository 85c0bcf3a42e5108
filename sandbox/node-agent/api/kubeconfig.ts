import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";

/** Where the API server is, and the credentials that the agent itself uses. PEM texts are not decoded further. */
export type KubeConnection = {
  readonly server: string;
  readonly ca?: string;
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
};

type Named<Field extends string> = { readonly name: string } & {
  readonly [K in Field]?: Record<string, string>;
};
type KubeconfigFile = {
  readonly "current-context"?: string;
  readonly contexts?: readonly Named<"context">[];
  readonly clusters?: readonly Named<"cluster">[];
  readonly users?: readonly Named<"user">[];
};

/**
 * Reads the current context of a kubeconfig: certificate authority, bearer token (or token file) and client
 * certificate, each inline or as a file relative to the kubeconfig. Exec plugins are not supported.
 * Throws an error that names the missing part.
 */
export function readKubeconfig(file: string): KubeConnection {
  const config = parse(readFileSync(file, "utf8")) as KubeconfigFile;
  const current = config["current-context"];
  const context = named(config.contexts, current, "context", file);
  const cluster = named(config.clusters, context.cluster, "cluster", file);
  const user = named(config.users, context.user, "user", file);
  const server = cluster.server;
  if (server === undefined) throw new Error(`${file}: the current cluster has no "server"`);
  const text = (from: Record<string, string>, field: string): string | undefined => {
    const inline = from[`${field}-data`];
    if (inline !== undefined) return Buffer.from(inline, "base64").toString("utf8");
    const path = from[field];
    return path === undefined ? undefined : readFileSync(resolve(dirname(file), path), "utf8");
  };
  const token = user.token ?? tokenFromFile(user.tokenFile, file);
  return definedOnly({
    server: server.replace(/\/$/, ""),
    ca: text(cluster, "certificate-authority"),
    token,
    cert: text(user, "client-certificate"),
    key: text(user, "client-key"),
  });
}

function tokenFromFile(path: string | undefined, kubeconfig: string): string | undefined {
  return path === undefined ? undefined : readFileSync(resolve(dirname(kubeconfig), path), "utf8").trim();
}

function named<Field extends string>(
  list: readonly Named<Field>[] | undefined,
  name: string | undefined,
  field: Field,
  file: string,
): Record<string, string> {
  const found = list?.find((entry) => entry.name === name)?.[field];
  if (found === undefined)
    throw new Error(`${file}: no ${field} named "${name ?? ""}", which the current context needs`);
  return found;
}

function definedOnly(connection: { server: string } & Record<string, string | undefined>): KubeConnection {
  const entries = Object.entries(connection).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries), server: connection.server };
}
