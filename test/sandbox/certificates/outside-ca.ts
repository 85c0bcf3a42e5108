import { openssl } from "../pki/openssl.ts";

/** A CA that somebody else runs, with openssl. */
export interface OutsideCa {
  readonly root: string;
  /** Signs a request as most do: a CA with none below it, for one domain. */
  sign(request: string, domain: string): Promise<string>;
}

export async function outsideCa(): Promise<OutsideCa> {
  const made = await openssl([
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"],
    ...["-subj", "/CN=Outside Root", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "-"],
  ]);
  const root = blockOf(made.text, "CERTIFICATE");
  const files = { "root.pem": root, "root.key": blockOf(made.text, "PRIVATE KEY") };
  return {
    root,
    sign: async (request, domain) => {
      const extensions = [
        "basicConstraints=critical,CA:TRUE,pathlen:0",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid",
        `nameConstraints=critical,permitted;DNS:${domain}`,
      ].join("\n");
      const { text } = await openssl(
        [
          ...["x509", "-req", "-in", "request.pem", "-days", "1000", "-extfile", "extensions"],
          ...["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"],
        ],
        { ...files, "request.pem": request, extensions },
      );
      return blockOf(text, "CERTIFICATE");
    },
  };
}

function blockOf(text: string, kind: string): string {
  const found = new RegExp(`-----BEGIN ${kind}-----[\\s\\S]+?-----END ${kind}-----`).exec(text)?.[0];
  if (found === undefined) throw new Error(`no ${kind} in ${text}`);
  return `${found}\n`;
}
