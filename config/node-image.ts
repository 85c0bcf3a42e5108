import { text } from "./values.ts";

/** node:24-alpine of Docker Hub, by digest. */
export const NODE_IMAGE =
  "docker.io/library/node:24-alpine@sha256:d32cdf619f63fe0471182d08996dd516c6275bb5fd31ae06e55a570bd9e1ad43";

const PINNED = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/;

/** An image that runs one of `jobs/`. @param risk what whoever can move a tag could do */
export function nodeImage(risk: string) {
  return text((value) => PINNED.test(value), {
    allowed:
      "an image of Node 24 with its digest, <registry>/<repository>[:<tag>]@sha256:<64 hexadecimal digits>",
    fix: `pin it by digest: whoever can move a tag ${risk}`,
  });
}
