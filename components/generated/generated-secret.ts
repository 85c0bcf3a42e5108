import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as vault from "@pulumi/vault";
import type { GeneratedSecret as GeneratedSecretArgs } from "../../config/generated-secrets.ts";
import { passwordArgs } from "./password-args.ts";

/**
 * A KV secret whose values the program makes: the one case where values pass through it, and stand in the state,
 * encrypted. It is written with check-and-set over the version before its own, and so never over what somebody else
 * wrote; nothing of it is read back, and it stays in Vault when its declaration goes.
 */
export class GeneratedSecret extends pulumi.ComponentResource {
  constructor(name: string, args: GeneratedSecretArgs, options: pulumi.ComponentResourceOptions) {
    super("vault-management:generated:GeneratedSecret", name, {}, options);
    const values = args.properties.map(({ property, ...value }) => {
      const password = new random.RandomPassword(`${name}#${property}`, passwordArgs(value), {
        parent: this,
      });
      return [property, password.result] as const;
    });
    new vault.kv.SecretV2(
      name,
      {
        mount: args.mount,
        name: args.path,
        dataJson: pulumi.jsonStringify(Object.fromEntries(values)),
        // The provider's own field `cas` is sent beside the options, where Vault does not look for it.
        options: { cas: String(args.version - 1) },
        // A refresh would need the right to read the value.
        disableRead: true,
      },
      { parent: this, retainOnDelete: true },
    );
    this.registerOutputs({});
  }
}
