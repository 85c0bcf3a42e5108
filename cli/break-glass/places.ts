import type { KvPlace } from "../../config/rotation-settings.ts";

export function dataPath({ mount, path }: KvPlace): string {
  return `${mount}/data/${path}`;
}

export function metadataPath({ mount, path }: KvPlace): string {
  return `${mount}/metadata/${path}`;
}

export function destroyPath({ mount, path }: KvPlace): string {
  return `${mount}/destroy/${path}`;
}

/** As people write it. */
export function placeText({ mount, path }: KvPlace): string {
  return `${mount}/${path}`;
}
