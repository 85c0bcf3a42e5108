import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assignPorts,
  listeningPorts,
  missingListenFlags,
  rewriteArguments,
  rewriteVariable,
} from "../../../sandbox/node-agent/plan/ports.ts";

const moved = new Map([
  [8080, 21_000],
  [8082, 8082],
]);

test("the ports of a pod are those it declares, probes, or listens on by an address without a host", () => {
  const containers = [
    {
      name: "a",
      ports: [{ containerPort: 9090 }, { containerPort: 80, name: "http" }],
      readinessProbe: { httpGet: { port: "http" } },
      livenessProbe: { tcpSocket: { port: 8082 } },
    },
  ];
  const words = [
    "--metrics-addr=:8080",
    "0.0.0.0:7000",
    "--peer=127.0.0.1:6000",
    "--url=https://host:1",
    "a:99",
  ];
  expect(listeningPorts(containers, words)).toEqual([80, 7000, 8080, 8082, 9090]);
});

describe("assignment", () => {
  test("a free port stays, a taken one moves to a spare", () => {
    expect([...assignPorts([80, 8080], new Set([8080]), [21_000])]).toEqual([
      [80, 80],
      [8080, 21_000],
    ]);
    expect(() => assignPorts([80], new Set([80]), [])).toThrow("no free port left to stand for port 80");
  });

  test("for any demand, no real port is taken, and none is given out twice", () => {
    const port = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(fc.uniqueArray(port), fc.uniqueArray(port), (wanted, taken) => {
        const spare = Array.from({ length: 200 }, (_, index) => index + 1);
        const real = [...assignPorts(wanted, new Set(taken), spare).values()];
        expect(new Set(real).size).toBe(wanted.length);
        expect(real.filter((one) => taken.includes(one))).toEqual([]);
      }),
    );
  });
});

describe("rewriting", () => {
  test.each([
    ["--metrics-addr=:8080", "--metrics-addr=127.0.0.1:21000"],
    [":8082", "127.0.0.1:8082"],
    ["--live-addr=0.0.0.0:8080", "--live-addr=127.0.0.1:21000"],
    ["[::]:8080", "127.0.0.1:21000"],
    ["localhost:8080", "127.0.0.1:21000"],
    ["--http-port=8080", "--http-port=21000"],
    ["--port=8082", "--port=8082"],
  ])("argument %s becomes %s", (word, rewritten) => {
    expect(rewriteArguments([word], moved)).toEqual([rewritten]);
  });

  test.each(["--url=https://127.0.0.1:8080", "vault:8080", ":9999", "8080", "--export=8080", "--limit=8080"])(
    "argument %s stays",
    (word) => {
      expect(rewriteArguments([word], moved)).toEqual([word]);
    },
  );

  test("the word after a port flag is a port", () => {
    expect(rewriteArguments(["--port", "8080", "--count", "8080"], moved)).toEqual([
      "--port",
      "21000",
      "--count",
      "8080",
    ]);
  });

  test("a variable named PORT holds a port, any other number stays", () => {
    expect(rewriteVariable("HTTP_PORT", "8080", moved)).toBe("21000");
    expect(rewriteVariable("EXPORT", "8080", moved)).toBe("8080");
    expect(rewriteVariable("LISTEN", ":8080", moved)).toBe("127.0.0.1:21000");
  });
});

test("an image's listening flags are added where the arguments have none of that name", () => {
  const listen = { "--metrics-addr": ":8080", "--live-addr": ":8082" };
  expect(missingListenFlags(listen, ["--metrics-addr=:1"])).toEqual(["--live-addr=:8082"]);
  expect(missingListenFlags(listen, ["--live-addr", ":1"])).toEqual(["--metrics-addr=:8080"]);
  expect(missingListenFlags(undefined, [])).toEqual([]);
});
