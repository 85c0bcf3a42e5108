import type { VaultClient } from "../../../clients/vault.ts";
import { unlessMissing } from "../../../resources/missing-issuer.ts";
import { sameValue } from "../../../resources/same.ts";
import { body, type Fields, requiredText } from "../../../resources/values.ts";
import type { ChangeAction } from "../engine.ts";

export interface Made {
  readonly id: string;
  readonly action: ChangeAction;
  /** What Vault answered that other resources take as inputs. */
  readonly outputs: Fields;
}

/** A step of making a CA: done once, found again by the issuer's name, which is the end of the resource's own. */
type Step = (vault: VaultClient, inputs: Fields, name: string) => Promise<Made>;

/** Requests that each make something anew, so that without a state they must not be sent again. */
export const pkiTypes: Readonly<Record<string, Step>> = {
  "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert": root,
  "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": request,
  "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": sign,
  "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned": setSigned,
  "vault:pkiSecret/secretBackendIssuer:SecretBackendIssuer": issuer,
};

async function root(vault: VaultClient, inputs: Fields, name: string): Promise<Made> {
  const found = await issuerAt(vault, name);
  if (found !== undefined) return made(name, "same", found);
  const { data = {} } = await vault.write(
    `${requiredText(inputs, "backend")}/issuers/generate/root/internal`,
    body(inputs, ["backend", "type"]),
  );
  return made(name, "created", data);
}

/** The same key gives another request for it at any time. */
async function request(vault: VaultClient, inputs: Fields, name: string): Promise<Made> {
  const backend = requiredText(inputs, "backend");
  const { commonName } = inputs;
  const reference = inputs.keyRef ?? inputs.keyName;
  const found = await unlessMissing(
    vault.write(`${backend}/issuers/generate/intermediate/existing`, {
      common_name: commonName,
      key_ref: reference,
    }),
  );
  if (found !== undefined) return made(name, "same", found.data ?? {});
  const { data = {} } = await vault.write(
    `${backend}/issuers/generate/intermediate/internal`,
    body(inputs, ["backend", "type"]),
  );
  return made(name, "created", data);
}

async function sign(vault: VaultClient, inputs: Fields, name: string): Promise<Made> {
  const found = await issuerAt(vault, name);
  if (found !== undefined) {
    return made(name, "same", { certificate: found.certificate, issuing_ca: await parentOf(vault, inputs) });
  }
  const { permittedDnsDomains, excludedIpRanges, ...rest } = inputs;
  const path = `${requiredText(inputs, "backend")}/issuer/${requiredText(inputs, "issuerRef")}/sign-intermediate`;
  // Lists by commas, as Pulumi's provider sends them: a deployer's rights compare texts.
  const { data = {} } = await vault.write(path, {
    ...body(rest, ["backend"]),
    permitted_dns_domains: commas(permittedDnsDomains),
    excluded_ip_ranges: commas(excludedIpRanges),
  });
  return made(name, "created", data);
}

async function parentOf(vault: VaultClient, inputs: Fields): Promise<unknown> {
  const parent = `${requiredText(inputs, "backend")}/${requiredText(inputs, "issuerRef")}`;
  return (await issuerAt(vault, parent))?.certificate;
}

/** Importing a certificate that is there already changes nothing. */
async function setSigned(vault: VaultClient, inputs: Fields, name: string): Promise<Made> {
  const { data = {} } = await vault.write(`${requiredText(inputs, "backend")}/intermediate/set-signed`, {
    certificate: inputs.certificate,
  });
  const created = texts(data.imported_issuers);
  const ids = created.length > 0 ? created : texts(data.existing_issuers);
  return made(name, created.length > 0 ? "created" : "same", { imported_issuers: ids });
}

async function issuer(vault: VaultClient, inputs: Fields): Promise<Made> {
  const id = requiredText(inputs, "issuerRef");
  const path = `${requiredText(inputs, "backend")}/issuer/${id}`;
  const { manualChains, ...rest } = inputs;
  const chain = manualChains === undefined ? {} : { manual_chain: manualChains };
  const declared = { ...body(rest, ["backend", "issuerRef"]), ...chain };
  const before = (await vault.read(path)) ?? {};
  const same = Object.entries(declared).every(([field, value]) => sameValue(value, before[field]));
  if (!same) await vault.write(path, declared);
  const named = before.issuer_name !== "";
  return made(path, same ? "same" : named ? "updated" : "created", { issuer_id: id });
}

/** An issuer by `<mount>/<name>`, which anybody may ask for. */
async function issuerAt(vault: VaultClient, place: string): Promise<Fields | undefined> {
  const cut = place.lastIndexOf("/");
  return unlessMissing(vault.read(`${place.slice(0, cut)}/issuer/${place.slice(cut + 1)}/json`));
}

/** Vault's fields as Pulumi's outputs: `issuing_ca` is `issuingCa`. */
function made(id: string, action: ChangeAction, data: Fields): Made {
  const outputs = Object.entries(data).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return { id, action, outputs: Object.fromEntries(outputs) };
}

function commas(list: unknown): string {
  return texts(list).join(",");
}

function texts(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}
