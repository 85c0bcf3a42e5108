const URL_FORM = /^[\w+.-]+:\/\//;
const ENCRYPTED = ["verify-full", "verify-ca", "require"];
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|\[::1\]|localhost)(:\d*)?$/;

/**
 * Whether passwords may cross the network in clear: where no `sslmode` is said the driver falls back to it by itself, as it
 * does with `prefer` and `allow`. To loopback nobody listens in.
 */
export function mayBeInClear(connection: string): boolean {
  const said = Map.groupBy(parametersOf(connection), ([name]) => name);
  const values = (name: string) => (said.get(name) ?? []).map(([, value]) => value);
  const hosts = [...hostsOf(connection), ...values("host"), ...values("hostaddr")].flatMap((list) =>
    list.split(","),
  );
  const loopback = hosts.length > 0 && hosts.every((host) => LOOPBACK.test(host));
  const modes = values("sslmode");
  return (
    modes.length === 0 || !modes.every((mode) => ENCRYPTED.includes(mode) || (loopback && mode === "disable"))
  );
}

/** A templated one has braces for it. */
export function holdsPassword(connection: string): boolean {
  const [, inUrl = ""] = /^[\w+.-]+:\/\/[^/@]*?:([^@]+)@/.exec(connection) ?? [];
  const named = parametersOf(connection).flatMap(([name, value]) =>
    /^(ssl)?password$/.test(name) ? [value] : [],
  );
  return [inUrl, ...named].some((password) => password !== "" && password !== "{{password}}");
}

type Parameter = readonly [name: string, value: string];

/** What a connection says by name, in either form: `...?sslmode=require`, or `host=db sslmode=require`. */
function parametersOf(connection: string): readonly Parameter[] {
  if (URL_FORM.test(connection)) {
    return [...new URLSearchParams(connection.split("?").slice(1).join("?"))];
  }
  return [...connection.matchAll(/(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S*)/g)].map(([, name = "", value = ""]) => [
    name,
    value.replace(/^'(.*)'$/s, "$1"),
  ]);
}

/** Those before the path of a URL. */
function hostsOf(connection: string): readonly string[] {
  const [, host] = /^[\w+.-]+:\/\/(?:[^/?]*@)?([^/?@]+)/.exec(connection) ?? [];
  return host === undefined ? [] : [host];
}
