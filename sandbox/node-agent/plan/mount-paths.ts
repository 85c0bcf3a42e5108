/** One volume mount of a container: the path in the spec and the real path that stands for it on this machine. */
export type MountPath = { readonly mountPath: string; readonly realPath: string };

/**
 * A rewriter that puts real paths where a text names a mount path. There is no chroot, so the text has to change.
 * A mount path counts only as whole path segments (`/etc/app` is found in `--file=/etc/app/x` and `file:///etc/app`,
 * not in `/etc/application`, `/srv/etc/app` or `$(BASE)/etc/app`), and the longest one wins. One pass: what was put in is not searched
 * again.
 */
export function pathRewriter(mounts: readonly MountPath[]): (text: string) => string {
  const real = new Map(mounts.map(({ mountPath, realPath }) => [trimSlashes(mountPath), realPath]));
  real.delete("");
  const longestFirst = [...real.keys()].sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  const alternatives = longestFirst.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const start = "(?:(?<![\\w.\\-/~)}])|(?<=file://))";
  const pattern = new RegExp(`${start}(?:${alternatives})(?=$|/|[^\\w.\\-])`, "g");
  return (text) => text.replace(pattern, (found) => real.get(found) ?? found);
}

function trimSlashes(path: string): string {
  return path.replace(/\/+$/, "");
}
