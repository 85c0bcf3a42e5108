import { hash } from "node:crypto";

/** Keys that are remembered at least: 32 MiB, twice that at most. */
export const REMEMBERED = 2 ** 21;

/**
 * A set of keys in bounded memory: 64 bits of each key's hash (two of a million keys are alike with a chance of 1 in 40
 * million), in two generations of which the older one is forgotten when the newer one is full.
 */
export class RecentKeys {
  readonly #capacity: number;
  #newer: KeyTable;
  #older: KeyTable | undefined;

  constructor(capacity: number = REMEMBERED) {
    this.#capacity = capacity;
    this.#newer = new KeyTable(capacity);
  }

  has(key: string): boolean {
    const bits = bitsOf(key);
    return this.#newer.has(bits) || (this.#older?.has(bits) ?? false);
  }

  add(key: string): void {
    if (this.#newer.size >= this.#capacity) {
      this.#older = this.#newer;
      this.#newer = new KeyTable(this.#capacity);
    }
    this.#newer.add(bitsOf(key));
  }
}

/** A hash, since a Kubernetes client may choose the ids of its requests. 0 marks an empty slot. */
function bitsOf(key: string): bigint {
  return hash("sha256", key, "buffer").readBigUInt64LE(0) || 1n;
}

/** Open addressing, grown by doubling up to twice its capacity. */
class KeyTable {
  size = 0;
  #slots = new BigUint64Array(1024);
  readonly #maxSlots: number;

  constructor(capacity: number) {
    this.#maxSlots = 2 * capacity;
  }

  has(bits: bigint): boolean {
    return this.#slots[slotOf(this.#slots, bits)] === bits;
  }

  add(bits: bigint): void {
    if (this.has(bits)) return;
    if (2 * this.size >= this.#slots.length && this.#slots.length < this.#maxSlots) this.#grow();
    this.#slots[slotOf(this.#slots, bits)] = bits;
    this.size++;
  }

  #grow(): void {
    const grown = new BigUint64Array(this.#slots.length * 2);
    for (const bits of this.#slots) if (bits !== 0n) grown[slotOf(grown, bits)] = bits;
    this.#slots = grown;
  }
}

/** Where the bits stand, or the empty slot that they belong into. The length is a power of two. */
function slotOf(slots: BigUint64Array, bits: bigint): number {
  const mask = slots.length - 1;
  let slot = Number(bits & 0xffff_ffffn) & mask;
  while (slots[slot] !== 0n && slots[slot] !== bits) slot = (slot + 1) & mask;
  return slot;
}
