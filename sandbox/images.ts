import type { ImageMap, MappedImage } from "./node-agent/plan/image.ts";
import { type SandboxPaths, writePrivate } from "./state.ts";

/**
 * The images that the sandbox's node agent can run, by repository. The operator's chart names one of the first two,
 * by its version.
 */
export function imageMap(binaries: { readonly "external-secrets": string }): ImageMap {
  const externalSecrets: MappedImage = {
    command: [binaries["external-secrets"]],
    // Leader election finds its namespace in the service account folder, whose path is compiled in.
    readsServiceAccountDir: true,
    // The controller's own defaults: it listens there also where the chart does not pass them.
    listen: { "--metrics-addr": ":8080", "--live-addr": ":8082" },
  };
  return {
    "ghcr.io/external-secrets/external-secrets": externalSecrets,
    "oci.external-secrets.io/external-secrets/external-secrets": externalSecrets,
    "docker.io/library/node": { command: [process.execPath] },
  };
}

export async function writeImages(paths: SandboxPaths, images: ImageMap): Promise<void> {
  await writePrivate(paths.images, `${JSON.stringify(images, null, 2)}\n`);
}
