import type { Container } from "../api/types.ts";

/** Port of the pod spec -> port really used on this machine. */
export type PortMap = ReadonlyMap<number, number>;

/** Written for every port of a pod, moved or not, so that monitoring can find it: `sandbox/port-8080: "34567"`. */
export const PORT_ANNOTATION = "sandbox/port-";

const ANY_HOST = "|0\\.0\\.0\\.0|\\[::\\]";
const LOOPBACK = "|127\\.0\\.0\\.1|localhost|\\[::1\\]";
/** `:8080`, `0.0.0.0:8080`, `[::]:8080`, alone or as the value of a flag: an address to listen on everywhere. */
const LISTEN_ANYWHERE = new RegExp(`^(--?[\\w.-]+=)?(?:${ANY_HOST.slice(1)})?:(\\d{1,5})$`);
const LISTEN = new RegExp(`^(--?[\\w.-]+=)?(?:${ANY_HOST.slice(1)}${LOOPBACK})?:(\\d{1,5})$`);
const PORT_FLAG = /^(--?(?:[\w.-]*[-_.])?port=)(\d{1,5})$/i;
const BARE_PORT_FLAG = /^--?(?:[\w.-]*[-_.])?port$/i;
const PORT_VARIABLE = /(?:^|_)PORT$/;

/**
 * The ports that a pod listens on, ascending: declared container ports, numeric ports of its probes, and
 * addresses in `words` (its commands and arguments) that name no host or every host.
 */
export function listeningPorts(
  containers: readonly Container[],
  words: readonly string[],
): readonly number[] {
  const declared = containers.flatMap((container) =>
    (container.ports ?? []).map((port) => port.containerPort),
  );
  const probed = containers.flatMap((container) =>
    [container.readinessProbe, container.livenessProbe, container.startupProbe].flatMap((probe) => [
      probe?.httpGet?.port,
      probe?.tcpSocket?.port,
    ]),
  );
  const named = words.map((word) => LISTEN_ANYWHERE.exec(word)?.[2]).filter((port) => port !== undefined);
  const numbers = [...declared, ...probed, ...named.map(Number)].filter((port) => typeof port === "number");
  return [...new Set(numbers)].filter((port) => port > 0 && port < 65536).sort((a, b) => a - b);
}

/**
 * Gives each wanted port itself when it is free, else the next of `spare`. All pods share 127.0.0.1, so the
 * second replica of a Deployment cannot have the port its spec names.
 * Throws when `spare` is too short; `wanted.length` spare ports are always enough.
 */
export function assignPorts(
  wanted: readonly number[],
  taken: ReadonlySet<number>,
  spare: readonly number[],
): PortMap {
  const free = spare.filter((port) => !taken.has(port) && !wanted.includes(port));
  const result = new Map<number, number>();
  for (const port of wanted) {
    const real = taken.has(port) ? free.shift() : port;
    if (real === undefined) throw new Error(`no free port left to stand for port ${port} of the pod`);
    result.set(port, real);
  }
  return result;
}

/**
 * Arguments with every listening address on 127.0.0.1 and its real port: `--metrics-addr=:8080` becomes
 * `--metrics-addr=127.0.0.1:34567`, `--port=8080` and `--http-port 8080` get the real number. Numbers and
 * addresses of other ports, other hosts and URLs stay.
 */
export function rewriteArguments(words: readonly string[], ports: PortMap): readonly string[] {
  return words.map((word, index) => {
    const afterPortFlag = BARE_PORT_FLAG.test(words[index - 1] ?? "") && /^\d{1,5}$/.test(word);
    if (afterPortFlag) return String(ports.get(Number(word)) ?? word);
    return rewriteWord(word, ports);
  });
}

/** An environment value, rewritten likewise; a bare number counts when the variable is `PORT` or ends in `_PORT`. */
export function rewriteVariable(name: string, value: string, ports: PortMap): string {
  if (PORT_VARIABLE.test(name) && /^\d{1,5}$/.test(value)) return String(ports.get(Number(value)) ?? value);
  return rewriteWord(value, ports);
}

function rewriteWord(word: string, ports: PortMap): string {
  const flag = PORT_FLAG.exec(word);
  if (flag !== null) return `${flag[1]}${ports.get(Number(flag[2])) ?? flag[2]}`;
  const address = LISTEN.exec(word);
  const real = ports.get(Number(address?.[2]));
  return address === null || real === undefined ? word : `${address[1] ?? ""}127.0.0.1:${real}`;
}

/** The image's own listening flags that the arguments do not already set, to be passed in front of them. */
export function missingListenFlags(
  listen: Readonly<Record<string, string>> | undefined,
  words: readonly string[],
): readonly string[] {
  return Object.entries(listen ?? {})
    .filter(([flag]) => !words.some((word) => word === flag || word.startsWith(`${flag}=`)))
    .map(([flag, value]) => `${flag}=${value}`);
}
