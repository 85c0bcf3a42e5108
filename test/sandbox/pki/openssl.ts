import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Said {
  readonly ok: boolean;
  readonly text: string;
  /** Standard output alone, as it came. */
  readonly bytes: Buffer;
}

/** Runs openssl in a folder of its own that holds `files`; an argument names one as it is. */
export async function openssl(
  args: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Said> {
  const folder = await mkdtemp(join(tmpdir(), "openssl-"));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const { stdout, stderr } = await run("openssl", [...args], { cwd: folder, encoding: "buffer" });
    return { ok: true, text: `${stdout}${stderr}`, bytes: stdout };
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: Buffer; readonly stderr?: Buffer };
    if (stdout === undefined) throw error;
    return { ok: false, text: `${stdout}${stderr}`, bytes: stdout };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether a leaf verifies for a client that trusts `trusted` alone and is sent `chain`, which may be empty. */
export function verify(leaf: string, chain: string, trusted: string, ...options: string[]): Promise<Said> {
  // An empty file would be an error of its own, and not the answer.
  const sent = chain === "" ? [] : ["-untrusted", "chain.pem"];
  return openssl(["verify", ...options, "-CAfile", "trusted.pem", ...sent, "leaf.pem"], {
    "trusted.pem": trusted,
    "chain.pem": chain,
    "leaf.pem": leaf,
  });
}

/** An address that a certificate names: where its CRL or OCSP answers are. */
export async function addressIn(certificate: string, kind: "ocsp" | "crl"): Promise<string> {
  const args = kind === "ocsp" ? ["-ocsp_uri"] : ["-ext", "crlDistributionPoints"];
  const { text } = await openssl(["x509", "-noout", ...args, "-in", "c.pem"], { "c.pem": certificate });
  return /https:\/\/\S+/.exec(text)?.[0] ?? "";
}
