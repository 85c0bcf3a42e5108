import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server } from "node:tls";
import { allTheTime } from "../all-the-time.ts";
import type { TlsSecret } from "./ground.ts";

/** A TLS server on loopback that takes another certificate while it serves. */
export class TlsServer {
  readonly #server: Server;
  #serving: TlsSecret;

  private constructor(server: Server, serving: TlsSecret) {
    this.#server = server;
    this.#serving = serving;
  }

  static async start(secret: TlsSecret): Promise<TlsServer> {
    const server = createServer(contextOf(secret), (socket) => {
      // A client that has seen enough hangs up.
      socket.on("error", () => undefined);
      socket.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsServer(server, secret);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get leaf(): string {
    return this.#serving.certificates[0] ?? "";
  }

  serve(secret: TlsSecret): void {
    this.#server.setSecureContext(contextOf(secret));
    this.#serving = secret;
  }

  async close(): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }
}

function contextOf({ certificates, privateKey }: TlsSecret) {
  return { cert: certificates.join("\n"), key: privateKey };
}

/**
 * One handshake of a client that trusts `trusted` alone and expects `name`.
 * @returns the common name of the leaf's issuer
 * @throws what OpenSSL or Node has against the certificate
 */
export async function handshake(port: number, name: string, trusted: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: name, ca: trusted });
  try {
    await once(socket, "secureConnect");
    return String(socket.getPeerCertificate().issuer.CN);
  } finally {
    socket.destroy();
  }
}

/** A client that connects anew all the time. */
export interface Handshakes {
  /** How many succeeded, by the issuer of the leaf. */
  readonly succeeded: ReadonlyMap<string, number>;
  readonly failed: readonly string[];
  /** Ends it after one more handshake. */
  stop(): Promise<void>;
}

const PAUSE_MS = 40;

/** @param trusted the trusted CAs as the client has them at the moment */
export function handshakes(port: number, name: string, trusted: () => string): Handshakes {
  const succeeded = new Map<string, number>();
  const failed: string[] = [];
  const attempt = async () => {
    try {
      const issuer = await handshake(port, name, trusted());
      succeeded.set(issuer, (succeeded.get(issuer) ?? 0) + 1);
    } catch (error) {
      failed.push(String(error));
    }
  };
  return {
    succeeded,
    failed,
    stop: allTheTime(attempt, PAUSE_MS),
  };
}
