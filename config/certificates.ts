import type {
  CertificateSettings,
  NamespaceSettings,
  SecretSettings,
  ServiceSettings,
  Settings,
} from "./schema.ts";
import { durationMs } from "./values.ts";

type PkiSettings = NonNullable<Settings["pki"]>;

/** The role that issues one certificate; no DNS label has a dot, so no two certificates have one name. */
export function certificateRole(
  prefix: string,
  namespace: Pick<NamespaceSettings, "name">,
  service: Pick<ServiceSettings, "name">,
  certificate: string,
): string {
  return `${prefix}-${namespace.name}.${service.name}.${certificate}`;
}

/** Whether certificates can be issued once all is deployed: not while an outside CA has still to sign. */
export function canIssue({ root, external }: Pick<PkiSettings, "root" | "external">): boolean {
  return root !== undefined || external?.signed !== undefined;
}

/**
 * A certificate as ESO brings it: at each refresh Vault makes a key and issues a certificate for it, and ESO writes both
 * into a Secret of Kubernetes' own type for them. The refresh comes when a third of the life is left: for so long Vault or
 * ESO may be down.
 */
export function certificateSecret(
  { name, target, commonName, dnsNames, ttl, usages, key }: CertificateSettings,
  { mount, role }: { readonly mount: string; readonly role: string },
): SecretSettings {
  return {
    name,
    target,
    refreshInterval: `${Math.floor((durationMs(ttl) * 2) / 3_000)}s`,
    data: {},
    dataFrom: [],
    type: "kubernetes.io/tls",
    template: { data: TLS_KEYS },
    creationPolicy: "Owner",
    deletionPolicy: "Retain",
    generators: [
      {
        name,
        mount,
        request: `issue/${role}`,
        method: "POST",
        parameters: {
          common_name: commonName,
          ...(dnsNames.length === 0 ? {} : { alt_names: dnsNames.join(",") }),
          ttl,
          format: "pem",
        },
        decidedByRole: { usages: usages.join(","), key },
      },
    ],
  };
}

/**
 * ESO's templates of the keys. Vault gives the chain as a JSON list with the roots in it, of a cross-signed generation both.
 * Of one certificate at a time `filterCertChain` says whether it is a root; of a chain with cross-signed ones it can make
 * nothing. A server sends no roots, and clients trust them alone, so that an intermediate can change.
 */
const TLS_KEYS = {
  "tls.crt":
    "{{ .certificate }}\n" +
    '{{ range .ca_chain | fromJson }}{{ if not (filterCertChain "root" .) }}{{ . }}\n{{ end }}{{ end }}',
  "tls.key": "{{ .private_key }}\n",
  "ca.crt": '{{ range .ca_chain | fromJson }}{{ filterCertChain "root" . }}{{ end }}',
};
