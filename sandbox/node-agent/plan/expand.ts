/**
 * Kubernetes' `$(NAME)` expansion: `$$(NAME)` is the literal `$(NAME)`, and a reference to an unknown name stays
 * as it is. Source: k8s.io/kubernetes/third_party/forked/golang/expansion.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return lookup(name) ?? whole;
  });
}
