import { inParallel } from "../../in-parallel.ts";
import type { HeldSecret } from "../plan.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

const AT_ONCE = 8;

/**
 * Deletes the Secrets that ESO has written; denied as it is, it cannot write them again. One that is gone already is fine.
 * @param rehearsal asks the API server to do all but delete them
 */
export async function deleteSecrets(
  { cluster }: Scene,
  secrets: readonly HeldSecret[],
  rehearsal: boolean,
): Promise<Result> {
  if (typeof cluster === "string")
    throw new Error(`Kubernetes cannot be asked: ${cluster}. ${byHand(secrets)}`);
  const outcomes = await inParallel(secrets, AT_ONCE, async (held) => ({
    held,
    came: await cluster.deleteSecret(held.namespace, held.secret, rehearsal),
  }));
  const failed = outcomes.flatMap(({ held, came }) =>
    typeof came === "object" ? [{ held, why: came.why }] : [],
  );
  if (failed.length === secrets.length) {
    throw new Error(
      `Kubernetes deleted none: ${failed[0]?.why ?? "nothing was declared"}. ${byHand(secrets)}`,
    );
  }
  const count = (what: "deleted" | "absent") => outcomes.filter(({ came }) => came === what).length;
  return {
    text: `${count("deleted")} Secret(s) ${rehearsal ? "would be deleted" : "deleted"}, ${count("absent")} not there`,
    left: failed.map(({ held, why }) => `Secret ${held.namespace}/${held.secret} is not deleted: ${why}`),
    before: { secrets: secrets.map(nameOf) },
    after: { secrets: failed.map(({ held }) => nameOf(held)) },
  };
}

function byHand(secrets: readonly HeldSecret[]): string {
  const commands = secrets.map(({ namespace, secret }) => `kubectl -n ${namespace} delete secret ${secret}`);
  return `Run this again once it answers, or: ${commands.join("; ")}`;
}

export function nameOf({ namespace, secret }: Pick<HeldSecret, "namespace" | "secret">): string {
  return `${namespace}/${secret}`;
}
