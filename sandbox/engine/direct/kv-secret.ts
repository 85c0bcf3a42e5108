import type { VaultClient } from "../../../clients/vault.ts";
import { type Fields, fieldsOf, requiredText } from "../../../resources/values.ts";
import type { ChangeAction } from "../engine.ts";
import { settled } from "./vault-resource.ts";

export const kvSecretType = "vault:kv/secretV2:SecretV2";

/**
 * Writes a KV secret with the check-and-set that it declares. There is no state that says what was written before, and no
 * right to read it: the version after the one to replace counts as this one, and stays as it is.
 */
export async function applyKvSecret(
  vault: VaultClient,
  inputs: Fields,
): Promise<{ readonly id: string; readonly action: ChangeAction }> {
  const [mount, name] = [requiredText(inputs, "mount"), requiredText(inputs, "name")];
  const id = `${mount}/data/${name}`;
  const options = fieldsOf(inputs.options);
  const cas = Number(requiredText(options, "cas"));
  const metadata = await settled(() => vault.read(`${mount}/metadata/${name}`));
  if (Number(metadata?.current_version ?? 0) === cas + 1) return { id, action: "same" };
  const data: unknown = JSON.parse(requiredText(inputs, "dataJson"));
  // As Pulumi's provider sends it, the text among the options and the number beside them that Vault passes over.
  await settled(() => vault.write(id, { data, options, cas: 0 }));
  return { id, action: cas === 0 ? "created" : "updated" };
}
