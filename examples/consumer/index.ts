import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { readOutputs } from "../../outputs/read.ts";
import { mountedSecret } from "./mounted-secret.ts";

const config = new pulumi.Config();
const provider = new kubernetes.Provider("kubernetes", {
  kubeconfig: "", // found by the usual rules, and not recorded
  context: config.require("context"),
});
const outputs = readOutputs(new pulumi.StackReference(config.require("stack")));
const secret = outputs.apply((stack) => mountedSecret(stack, "llm", "openai-api-key", "api_key"));
const labels = { app: "llm-gateway" };

/** The kubelet puts the value into the pod; only the Secret's name and key pass through Pulumi. */
const deployment = new kubernetes.apps.v1.Deployment(
  "llm-gateway",
  {
    metadata: { name: "llm-gateway", namespace: "llm", labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: "gateway",
              image: config.get("image") ?? "registry.k8s.io/pause:3.10",
              volumeMounts: [{ name: "openai", mountPath: "/var/run/secrets/openai", readOnly: true }],
            },
          ],
          // A mounted Secret follows a changed value without a restart; an environment variable does not.
          volumes: [
            {
              name: "openai",
              secret: {
                secretName: secret.target,
                defaultMode: 0o440,
                items: [{ key: secret.key, path: "api_key" }],
              },
            },
          ],
        },
      },
    },
  },
  { provider },
);

export const name = deployment.metadata.name;
