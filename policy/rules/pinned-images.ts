import type { ResourceRule } from "./resource.ts";

const CONTAINERS = new Set(["containers", "initContainers"]);
const DIGEST = /@sha256:[0-9a-f]{64}$/;

export const pinnedImages: ResourceRule = {
  name: "pinned-images",
  description:
    "A pod's images are named by their digest, so that nobody who may move a tag decides what runs.",
  options: {},
  check({ type, props }) {
    if (!type.startsWith("kubernetes:")) return [];
    const movable = imagesIn(props).filter((image) => !DIGEST.test(image));
    return [...new Set(movable)].map((image) => ({
      found: `runs the image "${image}", whose content may change`,
      fix: "name it by its digest: <repository>[:<tag>]@sha256:<digest>",
    }));
  },
};

/** Those of every pod template that stands anywhere in it; what is not known yet is left out. */
function imagesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const containers: readonly unknown[] = CONTAINERS.has(field) && Array.isArray(inner) ? inner : [];
    return [...containers.flatMap(imageOf), ...imagesIn(inner)];
  });
}

function imageOf(container: unknown): readonly string[] {
  const image: unknown =
    typeof container === "object" && container !== null ? Reflect.get(container, "image") : undefined;
  return typeof image === "string" ? [image] : [];
}
