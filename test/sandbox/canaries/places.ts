/** ESO's own binary, which the node agent keeps a copy of. */
export function isProgram(file: string): boolean {
  return file.startsWith("node/binaries/");
}

/** The files that are there to hold a secret, and which; everything else in the sandbox's folder holds none. */
const places: readonly (readonly [RegExp, readonly RegExp[]])[] = [
  [/^vault\/unseal-key$/, [/^the unseal key$/]],
  [/^vault\/peers-token$/, [/^the token of the sandbox itself$/, /^a token of Vault$/]],
  [/^operators\/\w+\.token$/, [/^the token of \w+$/, /^a token of Vault$/]],
  [/^kubernetes\/encryption\.yaml$/, [/^the key of etcd's encryption$/]],
  [/^kubernetes\/service-account\.key$/, [/^the key of service accounts$/]],
  // Pods get the tokens of their own service accounts as files.
  [/^node\/pods\/[^/]+\/volumes\//, [/^a signed token \(JWT\)$/]],
];

/** Whether everything that was found in a file of the sandbox, by its path below the state's folder, is there on purpose. */
export function belongs(file: string, names: readonly string[]): boolean {
  const [, allowed = []] = places.find(([pattern]) => pattern.test(file)) ?? [];
  return names.every((name) => allowed.some((pattern) => pattern.test(name)));
}
