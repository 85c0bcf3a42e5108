/** A part of another stack's declaration, which nothing has checked: a map, or an empty one in the place of whatever else. */
export function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
