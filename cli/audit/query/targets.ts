import type { Access } from "../../../audit/entry/access.ts";
import { readsOf } from "../../../config/reads.ts";
import type { Settings } from "../../../config/schema.ts";

/** A Kubernetes Secret that an ExternalSecret writes. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
}

/** What this stack calls ESO's accesses in a report: they are the bulk of every log. */
export const ESO = "ESO";

/** The Secrets that hold something of a KV path; all that the stack declares when no path is given. */
export function targetsOf(
  { namespaces }: Pick<Settings, "namespaces">,
  source?: { readonly mount: string; readonly key: string },
): readonly Target[] {
  return namespaces
    .filter(({ mount }) => source === undefined || mount === source.mount)
    .flatMap(({ name: namespace, services }) =>
      services.flatMap(({ secrets }) =>
        secrets
          .filter((secret) => source === undefined || readsOf(secret).some(({ key }) => key === source.key))
          .map(({ target }) => ({ namespace, name: target })),
      ),
    );
}

/** Whether a request to Kubernetes reached one of the Secrets: by name, or with all of its namespace or of the cluster. */
export function reaches({ object }: Access, targets: readonly Target[]): boolean {
  if (object === undefined || object.resource !== "secrets" || object.group !== "") return false;
  if (object.subresource !== undefined) return false;
  return targets.some(
    ({ namespace, name }) => (object.namespace ?? namespace) === namespace && (object.name ?? name) === name,
  );
}

/** Notes on who asked: the operator is told from people. */
export function esoNote(access: Access, { externalSecrets }: Settings): readonly string[] {
  const { namespace, serviceAccount } = externalSecrets;
  const own = access.source === "kubernetes" && access.who.kind === "service account";
  return own && access.who.name === `${namespace}/${serviceAccount}` ? [ESO] : [];
}
