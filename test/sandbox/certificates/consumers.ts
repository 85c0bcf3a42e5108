import { setTimeout } from "node:timers/promises";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { gateway } from "../pki/ground.ts";
import { type TlsSecret, tlsSecret } from "./ground.ts";
import { leftOf } from "./pem.ts";
import { type Handshakes, handshakes, TlsServer } from "./tls.ts";

/** A server that is late takes the newest certificate when its own has as little as this left. */
const LATE_MS = 12_000;

const LOOK_MS = 250;

/** Servers and clients of one Secret, each pair at work all the time. */
export interface Consumers {
  /** `<server> to <client>` -> what became of its handshakes. */
  readonly pairs: ReadonlyMap<string, Handshakes>;
  /** The Secret as it was last seen. */
  readonly newest: TlsSecret;
  /** What the late server serves, as PEM. */
  readonly lateLeaf: string;
  /** Where the prompt server is. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * What follows a Secret differs in how soon it does. Of the servers one takes each new certificate at once, one as late as it
 * may. Of the clients one trusts what stands in the Secret now, one what stood there when it was started.
 */
export async function startConsumers(sandbox: RunningSandbox): Promise<Consumers> {
  const first = await tlsSecret(sandbox);
  if (first === undefined) throw new Error("no Secret yet");
  let newest = first;
  const prompt = await TlsServer.start(first);
  const late = await TlsServer.start(first);
  let going = true;
  const following = (async () => {
    while (going) {
      newest = (await tlsSecret(sandbox)) ?? newest;
      if (newest.certificates[0] !== prompt.leaf) prompt.serve(newest);
      if (leftOf(late.leaf) < LATE_MS) late.serve(newest);
      await setTimeout(LOOK_MS);
    }
  })();
  const pairs = new Map(
    Object.entries({ prompt, late }).flatMap(([server, { port }]) => [
      [`a ${server} server to a client of now`, handshakes(port, gateway, () => newest.trusted)] as const,
      [`a ${server} server to a client of before`, handshakes(port, gateway, () => first.trusted)] as const,
    ]),
  );
  return {
    pairs,
    get newest() {
      return newest;
    },
    get lateLeaf() {
      return late.leaf;
    },
    port: prompt.port,
    stop: async () => {
      going = false;
      await following;
      await Promise.all([...pairs.values()].map((pair) => pair.stop()));
      await Promise.all([prompt.close(), late.close()]);
    },
  };
}
