/** Something about the servers' binaries that the person at the keyboard can fix; the message says how. */
export class ToolchainError extends Error {
  override readonly name = "ToolchainError";
}
