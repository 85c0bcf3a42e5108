import { setTimeout } from "node:timers/promises";
import * as k8s from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import type { RightsInForce } from "../components/rights-in-force.ts";
import { withTimeout } from "./cluster-reader.ts";
import { loadKubeConfig } from "./kubernetes.ts";

/** Who has no such right after so long will not get it; what is made next is refused then, and says what is missing. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 200;

/** Asks the API server whether we may, until it says so. */
export function rightsInForce(
  context: string,
  load: () => k8s.KubeConfig = loadKubeConfig,
  patienceMs = PATIENCE_MS,
): RightsInForce {
  const config = load();
  config.setCurrentContext(context);
  const api = new k8s.AuthorizationV1Api(withTimeout(config));
  return async (namespace) => {
    const deadline = performance.now() + patienceMs;
    while (!(await mayWrite(api, namespace)) && performance.now() < deadline) {
      await pulumi.log.info(`Waiting for rights in namespace ${namespace}`, undefined, undefined, true);
      await setTimeout(PAUSE_MS);
    }
  };
}

/** An API server that does not answer now may do so at the next look. */
async function mayWrite(api: k8s.AuthorizationV1Api, namespace: string): Promise<boolean> {
  const right = { verb: "create", group: "networking.k8s.io", resource: "networkpolicies" };
  const body = { spec: { resourceAttributes: { namespace, ...right } } };
  const review = await api.createSelfSubjectAccessReview({ body }).catch(() => undefined);
  return review?.status?.allowed ?? false;
}
