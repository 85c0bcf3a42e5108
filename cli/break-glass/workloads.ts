import type { V1Container, V1Pod } from "@kubernetes/client-node";

/** What runs with a Secret, and how it takes it. */
export interface Workload {
  /** The pods' owner, as far as the pod says, e.g. `ReplicaSet/gateway-6d5f`; the pod itself where it has none. */
  readonly name: string;
  readonly pods: number;
  readonly how: "files" | "environment" | "files and environment";
}

/** Owners of the pods that take a Secret, sorted. They keep what they read of it until they are restarted. */
export function podsMounting(pods: readonly V1Pod[], secret: string): readonly Workload[] {
  const using = pods.flatMap((pod) => {
    const how = howOf(pod, secret);
    return how === undefined ? [] : [{ owner: ownerOf(pod), how }];
  });
  return [...Map.groupBy(using, ({ owner }) => owner)]
    .map(([name, of]) => ({ name, pods: of.length, how: of[0]?.how ?? "files" }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function ownerOf({ metadata }: V1Pod): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  return owner === undefined ? `Pod/${metadata?.name}` : `${owner.kind}/${owner.name}`;
}

function howOf({ spec }: V1Pod, secret: string): Workload["how"] | undefined {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const environment = containers.some((container) => inEnvironment(container, secret));
  const files = (spec?.volumes ?? []).some(
    (volume) =>
      volume.secret?.secretName === secret ||
      (volume.projected?.sources ?? []).some((source) => source.secret?.name === secret),
  );
  if (files) return environment ? "files and environment" : "files";
  return environment ? "environment" : undefined;
}

function inEnvironment({ env = [], envFrom = [] }: V1Container, secret: string): boolean {
  return (
    env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === secret) ||
    envFrom.some(({ secretRef }) => secretRef?.name === secret)
  );
}
