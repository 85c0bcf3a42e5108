import * as pulumi from "@pulumi/pulumi";
import type { StackOutputs } from "../../outputs/schema.ts";

/** Where a value stands in Kubernetes. */
export interface MountedSecret {
  /** Name of the Kubernetes Secret. */
  readonly target: string;
  readonly key: string;
}

/**
 * The Secret that an ExternalSecret of the stack writes, checked to hold `key` as far as the stack can tell.
 * @throws RunError that names what the stack declares instead
 */
export function mountedSecret(
  { environment, namespaces }: StackOutputs,
  namespace: string,
  externalSecret: string,
  key: string,
): MountedSecret {
  const secrets = namespaces[namespace]?.secrets ?? {};
  const secret = secrets[externalSecret];
  if (!secret) {
    const declared = Object.keys(secrets).join(", ") || "none";
    throw new pulumi.RunError(
      `${environment} declares no ExternalSecret ${namespace}/${externalSecret}; there: ${declared}`,
    );
  }
  if (!secret.keys.includes(key) && secret.otherKeys === "none") {
    throw new pulumi.RunError(
      `Secret ${namespace}/${secret.target} has no key ${key}; it has: ${secret.keys.join(", ")}`,
    );
  }
  return { target: secret.target, key };
}
