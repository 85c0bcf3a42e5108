/** A network on the other side of a NetworkPolicy's rule. */
export interface Peer {
  readonly ipBlock?: { readonly cidr: string };
  readonly namespaceSelector?: Record<string, never>;
}

export interface Port {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
}

export interface EgressRule {
  readonly ports: Port[];
  readonly to?: Peer[];
}

/** What a NetworkPolicy says of a pod to which nothing may come and from which nothing may go. */
export const nothing = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** Out to these networks on these ports; to any network where none is declared. */
export function to(cidrs: readonly string[], ports: Port[]): EgressRule {
  return cidrs.length === 0 ? { ports } : { ports, to: cidrs.map((cidr) => ({ ipBlock: { cidr } })) };
}

/** To where names are resolved. */
export function toDns(cidrs: readonly string[]): EgressRule {
  return to(cidrs, [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ]);
}

export function tcp(...ports: readonly number[]): Port[] {
  return [...new Set(ports)].map((port) => ({ protocol: "TCP", port }));
}

/** The port of an http:// or https:// address. */
export function portOf(address: string): number {
  const { port, protocol } = new URL(address);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
