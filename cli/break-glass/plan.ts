import { accessMatrix } from "../../access/matrix.ts";
import { isGenerated } from "../../config/generated-secrets.ts";
import { readsOf, requestPath } from "../../config/reads.ts";
import type { KvPlace, RotationKey } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { type Freeze, freezeOf } from "./freeze.ts";
import { type Reader, readersIn, type Target } from "./target.ts";

/** A Kubernetes Secret that holds what stands at the path. */
export interface HeldSecret {
  readonly namespace: string;
  readonly externalSecret: string;
  readonly secret: string;
  readonly service: string;
  /** Other paths whose values go with it. */
  readonly alsoHolds: readonly string[];
  /** `Merge`: somebody else made it, and keys of theirs go with it. */
  readonly creationPolicy: "Owner" | "Orphan" | "Merge";
}

/** All that a revocation means, as far as the declaration says: computed before anything is asked or done. */
export interface Plan {
  readonly target: Target;
  readonly readers: readonly Reader[];
  /** API paths that are denied: the path, the state of its rotations, and what `--freeze` adds. */
  readonly denied: readonly string[];
  /** KV secrets whose versions are destroyed: the path, and the state of its rotations, whose versions hold its keys. */
  readonly destroyed: readonly KvPlace[];
  readonly secrets: readonly HeldSecret[];
  readonly rotations: readonly RotationKey[];
  /** Whether keys are revoked at their provider. */
  readonly provider: boolean;
  readonly freeze?: Freeze;
  /** Its values are made by the program, and stand in the stack's state. */
  readonly generated: boolean;
}

export interface PlanOptions {
  readonly provider?: boolean;
  readonly freeze?: string;
}

/** @throws Error for a name that `--freeze` does not know */
export function planOf(settings: Settings, target: Target, { provider = false, freeze }: PlanOptions): Plan {
  const rotations = rotationsAt(settings, target);
  const states = rotations.map(({ state }) => state);
  const frozen = freeze === undefined ? undefined : freezeOf(settings, freeze);
  const denied = [
    ...new Set([
      target.apiPath,
      ...states.map(({ mount, path }) => `${mount}/data/${path}`),
      ...(frozen?.paths ?? []),
    ]),
  ];
  return {
    ...{ target, denied, rotations, provider },
    readers: readersIn(accessMatrix(settings), denied),
    destroyed: [...(target.kv === undefined ? [] : [target.kv]), ...states],
    secrets: secretsHolding(settings, target.apiPath),
    ...(frozen === undefined ? {} : { freeze: frozen }),
    generated: target.kv !== undefined && isGenerated(settings, target.kv.mount, target.kv.path),
  };
}

function rotationsAt({ rotation }: Settings, { kv }: Target): readonly RotationKey[] {
  return (rotation?.keys ?? []).filter(({ live }) => live.mount === kv?.mount && live.path === kv.path);
}

/** Secrets with a key that comes from there. */
export function secretsHolding({ namespaces }: Settings, apiPath: string): readonly HeldSecret[] {
  return namespaces.flatMap(({ name: namespace, mount, services }) =>
    services.flatMap(({ name: service, secrets }) =>
      secrets.flatMap((secret): readonly HeldSecret[] => {
        const kvPaths = readsOf(secret).map(({ key }) => `${mount}/data/${key}`);
        const paths = new Set([...kvPaths, ...secret.generators.map(requestPath)]);
        if (!paths.delete(apiPath)) return [];
        const { name: externalSecret, target, creationPolicy } = secret;
        return [
          {
            namespace,
            service,
            externalSecret,
            secret: target,
            alsoHolds: [...paths].toSorted(),
            creationPolicy,
          },
        ];
      }),
    ),
  );
}
