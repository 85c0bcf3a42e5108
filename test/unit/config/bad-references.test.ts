import { describe } from "vitest";
import { expectRefused, secretPath, withSecret } from "./declarations.ts";

const reads = (reference: unknown) => withSecret({ data: { api_key: reference } });
const dataPath = `${secretPath}.data.api_key`;

describe("bad references", () => {
  expectRefused([
    [
      "a path that is break-glass's own",
      reads("break-glass/dev#incidents"),
      secretPath,
      /break-glass\/dev/,
      /do not begin with break-glass\//,
      /move it to another path, e\.g\. dev/,
    ],
    [
      "data/ before a key",
      reads("data/llm/openai#api_key"),
      dataPath,
      /data\/llm/,
      /below the mount/,
      /write llm\/openai/,
    ],
    [
      "kv/data/ before a key",
      reads("kv/data/llm/openai#api_key"),
      dataPath,
      /kv\/data/,
      /below the mount/,
      /write llm\/openai/,
    ],
    [
      "data/ in the long form",
      reads({ remoteRef: { key: "data/llm/openai", property: "k" } }),
      `${dataPath}.remoteRef.key`,
      /data\/llm/,
      /below/,
      /llm\/openai/,
    ],
    [
      "data/ in dataFrom",
      withSecret({ dataFrom: [{ extract: { key: "data/llm" } }] }),
      `${secretPath}.dataFrom[0].extract.key`,
      /data\/llm/,
      /below/,
      /write llm/,
    ],
    [
      "a path longer than break-glass can deny",
      reads("a/b/c/d/e/f/g#api_key"),
      dataPath,
      /"a\/b\/c\/d\/e\/f\/g", 7 segments/,
      /at most 6 segments below kv.*break-glass/,
      /shorter path/,
    ],
    [
      "the same in dataFrom",
      withSecret({ dataFrom: [{ extract: { key: "a/b/c/d/e/f/g" } }] }),
      `${secretPath}.dataFrom[0].extract.key`,
      /7 segments/,
      /at most 6/,
      /shorter path/,
    ],
    ["no property", reads("llm/openai"), dataPath, /llm\/openai/, /path#property/, /add '#'/],
    ["an empty property", reads("llm/openai#"), dataPath, /llm\/openai#/, /path#property/, /add '#'/],
    [
      "no property in the long form",
      reads({ remoteRef: { key: "llm/openai" } }),
      `${dataPath}.remoteRef.property`,
      /nothing/,
      /a text/,
      /write a text/,
    ],
    ["a leading slash", reads("/llm/openai#api_key"), dataPath, /"\/llm/, /no leading/, /exact path/],
    ["a trailing slash", reads("llm/openai/#api_key"), dataPath, /openai\/#/, /trailing/, /exact path/],
    ["..", reads("llm/../openai#api_key"), dataPath, /\.\./, /no '\.\.'/, /exact path/],
    ["a wildcard", reads("llm/*#api_key"), dataPath, /\*/, /no '\.\.', no '\*'/, /exact path/],
    ["a segment wildcard", reads("+/openai#api_key"), dataPath, /\+/, /'\+'/, /exact path/],
    ["two #", reads("llm/openai#a#b"), dataPath, /a#b/, /letters/, /one property/],
    ["a reference that is a number", reads(5), dataPath, /5/, /path#property/, /e\.g\. llm\/openai#api_key/],
    ["a reference left empty", reads(null), dataPath, /null/, /path#property/, /e\.g\./],
  ]);
});
