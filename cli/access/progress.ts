/** Milliseconds between two lines: often enough to see that it goes on, seldom enough to read. */
const INTERVAL_MS = 2_000;

/** Tells, on standard error, what is being done: at most a line every two seconds, none in the first two. */
export function progress(name: string): (line: string) => void {
  const begun = performance.now();
  let told = begun;
  return (line) => {
    const now = performance.now();
    if (now - told < INTERVAL_MS) return;
    told = now;
    console.error(`${name}: ${((now - begun) / 1_000).toFixed(0)} s: ${line}`);
  };
}
