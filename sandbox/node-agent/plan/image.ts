import { basename } from "node:path";

/** What stands for an image on this machine. */
export type MappedImage = {
  /** The entrypoint: an absolute path and, if the image has one, the arguments that always come first. */
  readonly command: readonly [string, ...string[]];
  /**
   * Flags by which the binary listens even when the pod spec does not pass them, with the binary's own default
   * (`{"--live-addr": ":8082"}`). The agent passes each one that is absent, so that the address can be moved to
   * 127.0.0.1 and to a free port. Without it a second replica dies with "address already in use".
   */
  readonly listen?: Readonly<Record<string, string>>;
  /**
   * The binary has the absolute path of the service account's files compiled in, as controller-runtime has for leader
   * election. A copy that looks in the pod's directory instead is run; see serviceAccountBinary.
   */
  readonly readsServiceAccountDir?: boolean;
};

export type ImageMap = Readonly<Record<string, MappedImage>>;

/**
 * The repository of an image reference, without tag and digest, in Docker's full form: `node:24` and
 * `docker.io/library/node@sha256:...` are both `docker.io/library/node`.
 * Source: the reference grammar of github.com/distribution/reference (a first part with a dot, a colon, or
 * `localhost` is a registry).
 */
export function imageRepository(image: string): string {
  const withoutDigest = image.split("@")[0] ?? image;
  const lastSlash = withoutDigest.lastIndexOf("/");
  const colon = withoutDigest.indexOf(":", lastSlash + 1);
  const repository = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  const parts = repository.split("/");
  const first = parts[0] ?? "";
  const hasRegistry = parts.length > 1 && (/[.:]/.test(first) || first === "localhost");
  const registry = hasRegistry ? first.replace(/^index\.docker\.io$/, "docker.io") : "docker.io";
  const path = hasRegistry ? parts.slice(1) : parts;
  const isOfficial = registry === "docker.io" && path.length === 1;
  return [registry, ...(isOfficial ? ["library"] : []), ...path].join("/");
}

/** The local stand-in for an image, or undefined when the map has none. Keys of the map may be in short form. */
export function findImage(images: ImageMap, image: string): MappedImage | undefined {
  const wanted = imageRepository(image);
  const key = Object.keys(images).find((candidate) => imageRepository(candidate) === wanted);
  return key === undefined ? undefined : images[key];
}

/** Says which image is not mapped, and what is. */
export function unmappedMessage(images: ImageMap, image: string): string {
  const known = Object.keys(images).sort().join(", ") || "none";
  return `no local binary stands for image "${image}" (repository ${imageRepository(image)}); mapped: ${known}`;
}

/**
 * The command line of a container, before any rewriting.
 * - No `command`: the image's entrypoint, then `args`, as in Kubernetes.
 * - `command` given: its first word is replaced by the mapped binary when both have the same file name (`node`,
 *   `/bin/external-secrets`); the image's own leading arguments are then dropped, because `command` replaces the
 *   whole entrypoint. Any other first word (`sh`, `/bin/cat`) is run from the machine's PATH.
 * `rewrite` is applied to what the spec gives, never to the mapped binary.
 */
export function commandLine(
  image: MappedImage,
  command: readonly string[],
  args: readonly string[],
  rewrite: (word: string) => string,
): readonly string[] {
  const [first, ...rest] = command;
  if (first === undefined) return [...image.command, ...args.map(rewrite)];
  const binary = basename(first) === basename(image.command[0]) ? image.command[0] : rewrite(first);
  return [binary, ...rest.map(rewrite), ...args.map(rewrite)];
}
