import { z } from "zod";
import { pemCertificates, pemPublicKey, resourceUrl, section, serverUrl, text } from "./values.ts";

const filled = text((value) => value.trim() !== "", { allowed: "a text", fix: "fill it in" });

/** How Vault learns which keys sign the cluster's service-account tokens; exactly one way, for the `jwt` method. */
const jwt = section({
  /** The cluster's issuer, which must serve OIDC discovery to Vault. */
  issuer: resourceUrl.optional(),
  /** The key set's own address, where discovery is not served. */
  jwksUrl: resourceUrl.optional(),
  /** The keys themselves, where Vault cannot reach the cluster; to be renewed by hand when they change. */
  publicKeys: z.array(pemPublicKey).min(1).optional(),
});

/** The cluster that receives the secrets. */
export const kubernetesSection = section({
  /** Context of the kubeconfig that the program uses. */
  context: filled,
  /** The API server's address as Vault reaches it. */
  apiAddress: serverUrl,
  /** CA of the API server, for Vault's TokenReview. The system's when absent. */
  apiCaCertificate: pemCertificates.optional(),
  /** The API server's own audiences (`--api-audiences`); a token must also be issued for the first to pass its own review. */
  apiAudiences: z.array(filled).min(1).default(["https://kubernetes.default.svc.cluster.local"]),
  jwt: jwt.optional(),
});
