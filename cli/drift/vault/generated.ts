import { fieldsOf, requiredText } from "../../../resources/values.ts";
import { shown } from "../shown.ts";
import type { VaultReader } from "./reader.ts";

/** Of a generated secret the version alone: which one the program wrote, and whether it is still there. */
const generatedSecret: VaultReader = {
  place: ({ inputs }) => `${requiredText(inputs, "mount")}/metadata/${requiredText(inputs, "name")}`,
  fields: async (vault, declared) => {
    const metadata = await vault.read(generatedSecret.place(declared));
    if (metadata === undefined) return undefined;
    const { cas } = fieldsOf(declared.inputs.options);
    const version = Number(cas) + 1;
    const { deletion_time = "", destroyed = false } = fieldsOf(fieldsOf(metadata.versions)[String(version)]);
    // A mount with `delete_version_after` names a time to come for each version.
    const gone = destroyed === true || Date.parse(String(deletion_time)) <= Date.now();
    const current = Number(metadata.current_version);
    return [
      ...(current === version
        ? []
        : [{ field: "current_version", declared: String(version), found: shown(current) ?? "" }]),
      ...(gone ? [{ field: `version ${version}`, declared: "there", found: "deleted" }] : []),
    ];
  },
};

export const generatedReaders: Readonly<Record<string, VaultReader>> = {
  "vault:kv/secretV2:SecretV2": generatedSecret,
};
