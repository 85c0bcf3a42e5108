import { z } from "zod";
import { databasesSection } from "./databases.ts";
import type { DatabaseConnection } from "./databases-settings.ts";
import { externalSecretsSection } from "./external-secrets.ts";
import { generatedSection } from "./generated.ts";
import { kubernetesSection } from "./kubernetes.ts";
import { monitoringSection } from "./monitoring.ts";
import { namespacesSection } from "./namespaces.ts";
import { operatorsSection } from "./operators.ts";
import { pkiSection } from "./pki.ts";
import { rotationSection } from "./rotation.ts";
import type { RotationSettings } from "./rotation-settings.ts";
import { dnsLabel, section } from "./values.ts";
import { vaultSection } from "./vault.ts";

/** Everything a stack may declare, as it stands under `config:` in its file. */
export const declaration = section({
  /** Names the environment in outputs, labels and descriptions, e.g. `dev`. */
  environment: dnsLabel,
  /** `production` protects and retains what cannot be made again, refers to namespaces instead of creating them, and asks for two audit devices. */
  tier: z.enum(["development", "production"]),
  vault: vaultSection,
  kubernetes: kubernetesSection,
  externalSecrets: externalSecretsSection,
  operators: operatorsSection.optional(),
  generated: generatedSection,
  pki: pkiSection.optional(),
  databases: databasesSection,
  namespaces: namespacesSection,
  rotation: rotationSection.optional(),
  monitoring: monitoringSection,
});

export type Declaration = z.output<typeof declaration>;
type Deep<T> = T extends (infer Item)[]
  ? readonly Deep<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Deep<T[Key]> }
    : T;

/** A checked declaration with its defaults filled in; nothing changes it afterwards. */
export type Settings = Deep<Omit<Declaration, "namespaces" | "rotation" | "databases">> & {
  /** Sorted by name. */
  readonly databases: readonly DatabaseConnection[];
  readonly namespaces: readonly NamespaceSettings[];
  /** Absent where no key rotates. */
  readonly rotation?: RotationSettings;
};

type DeclaredSecret = Deep<Declaration["namespaces"][string]["services"][string]["secrets"][string]>;

/** A request to one of Vault's engines that ESO makes at each refresh, and whose answer becomes keys of the Secret. */
export interface GeneratorSettings {
  /** Name of the VaultDynamicSecret; each once in a namespace. */
  readonly name: string;
  /** Where the engine is mounted, e.g. `database`. */
  readonly mount: string;
  /** Below the mount, e.g. `creds/orders-report`. */
  readonly request: string;
  /** `GET` takes `read` in a policy, `POST` takes `update`. */
  readonly method: "GET" | "POST";
  /** Fields that a `POST` sends. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** What the engine's own role says about the answer, as far as the request does not: when it changes, ESO asks anew. */
  readonly decidedByRole?: Readonly<Record<string, string>>;
  /** Begins each key of the answer, where answers of several would otherwise have the same keys. */
  readonly keyPrefix?: string;
}

export interface SecretSettings extends Omit<DeclaredSecret, "target" | "creationPolicy" | "onRemoval"> {
  /** Name of the ExternalSecret. */
  readonly name: string;
  /** Name of the Kubernetes Secret. */
  readonly target: string;
  readonly creationPolicy: "Owner" | "Orphan" | "Merge";
  /** What Vault's engines give it besides what is read from KV. */
  readonly generators: readonly GeneratorSettings[];
}

type DeclaredCertificate = Deep<
  Declaration["namespaces"][string]["services"][string]["certificates"][string]
>;

export interface CertificateSettings extends Omit<DeclaredCertificate, "target"> {
  /** Name of the ExternalSecret, and of the generator that it asks. */
  readonly name: string;
  /** Name of the Kubernetes Secret. */
  readonly target: string;
}

export interface ServiceSettings {
  readonly name: string;
  /** One for each ExternalSecret: those of certificates too, once a CA can issue them. */
  readonly secrets: readonly SecretSettings[];
  readonly certificates: readonly CertificateSettings[];
}

/** A SecretStore and who logs in for it. */
export interface StoreSettings {
  readonly name: string;
  readonly serviceAccount: string;
  /** The one service that it is for; absent where it is the whole namespace's. */
  readonly service?: string;
  /** Those whose secrets are read through it. */
  readonly services: readonly ServiceSettings[];
}

export interface NamespaceSettings {
  readonly name: string;
  readonly create: boolean;
  readonly isolation: "namespace" | "service";
  /** KV v2 mount that its stores read. */
  readonly mount: string;
  /** One, or with isolation by service one for each service that has secrets. */
  readonly stores: readonly StoreSettings[];
  readonly services: readonly ServiceSettings[];
}
