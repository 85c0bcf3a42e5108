import { judgeStore } from "../../../components/external-secrets/judgement.ts";
import type { Settings } from "../../../config/schema.ts";
import type { Store } from "../document.ts";
import { type Live, readyOf } from "../live.ts";
import { oneLine } from "./secrets.ts";

/**
 * How every declared SecretStore stands.
 * @param warnings namespace -> what ESO warned of there, by `<kind>/<name>`
 */
export function storesOf(
  { namespaces }: Pick<Settings, "namespaces">,
  live: readonly Live[],
  warnings: ReadonlyMap<string, ReadonlyMap<string, string>>,
): readonly Store[] {
  return namespaces.flatMap(({ name: namespace, stores }) =>
    stores.map(({ name }) => {
      const found = live.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
      const verdict = judgeStore(found);
      if (verdict.state === "ready") return { namespace, name, ready: true, reason: null, since: null };
      const warned = warnings.get(namespace)?.get(`SecretStore/${name}`);
      return {
        namespace,
        name,
        ready: false,
        reason: oneLine(warned || verdict.reason),
        since: (found && readyOf(found)?.lastTransitionTime) ?? null,
      };
    }),
  );
}
