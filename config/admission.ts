import { z } from "zod";
import { section } from "./values.ts";

/** Kinds of ESO's that have no namespace. */
export const clusterKinds = [
  "ClusterExternalSecret",
  "ClusterGenerator",
  "ClusterPushSecret",
  "ClusterSecretStore",
] as const;

/** Kinds of `generators.external-secrets.io` that people write, of every release from 0.16 to 2.x. */
export const generatorKinds = [
  "ACRAccessToken",
  "BeyondtrustWorkloadCredentialsDynamicSecret",
  "CloudsmithAccessToken",
  "ECRAuthorizationToken",
  "Fake",
  "GCRAccessToken",
  "GithubAccessToken",
  "GitlabDeployToken",
  "Grafana",
  "MFA",
  "Password",
  "QuayAccessToken",
  "SSHKey",
  "STSSessionToken",
  "UUID",
  "VaultDynamicSecret",
  "Webhook",
] as const;

const refusedKind = z.enum(["PushSecret", ...clusterKinds, ...generatorKinds]);

/** What the cluster's admission refuses of ESO's kinds. */
export const admissionSection = section({
  /**
   * Kinds that are let in although they are refused elsewhere. Each opens a way around the declared paths: a generator
   * makes credentials that no policy of this stack names, a PushSecret writes, a cluster-wide kind reaches every namespace.
   * @default []
   */
  allow: z.array(refusedKind).default([]),
}).default({ allow: [] });
