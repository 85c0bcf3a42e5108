import { describe, expect, it } from "vitest";
import { declaredPaths, findDeclared } from "../../../cli/secrets/declared.ts";
import { rotating } from "../rotation/declarations.ts";
import { namespace, settingsWith } from "./settings.ts";

const settings = settingsWith({
  one: namespace({
    db: { data: { U: "team/db#user", P: "team/db#password", AGAIN: "team/db#password" } },
    all: { dataFrom: [{ extract: { key: "team/all" } }] },
  }),
  two: namespace({
    db: {
      data: { P: { remoteRef: { key: "team/db", property: "password", version: 3 } }, H: "a/host#name" },
    },
  }),
  three: namespace({ db: { data: { P: "team/db#password" } } }, "second"),
});

describe("declaredPaths", () => {
  it("has the credentials that rotators take, with the rotations that do", () => {
    const paths = declaredPaths(rotating());
    expect(paths.find(({ path }) => path === "platform/openai-admin")).toEqual({
      ...{ mount: "kv", path: "platform/openai-admin", generated: false, wholeSecret: false },
      ...{ properties: ["api_key"], reads: [{ property: "api_key" }], externalSecrets: [] },
      rotations: ["openai-llm"],
    });
  });

  it("names each path of a mount once, with all that is read of it and by whom", () => {
    expect(declaredPaths(settings)).toEqual([
      {
        mount: "kv",
        path: "a/host",
        generated: false,
        properties: ["name"],
        wholeSecret: false,
        reads: [{ property: "name" }],
        externalSecrets: [{ namespace: "two", name: "db" }],
        rotations: [],
      },
      {
        mount: "kv",
        path: "team/all",
        generated: false,
        properties: [],
        wholeSecret: true,
        reads: [{}],
        externalSecrets: [{ namespace: "one", name: "all" }],
        rotations: [],
      },
      {
        mount: "kv",
        path: "team/db",
        generated: false,
        properties: ["password", "user"],
        wholeSecret: false,
        reads: [{ property: "password", version: 3 }, { property: "password" }, { property: "user" }],
        externalSecrets: [
          { namespace: "one", name: "db" },
          { namespace: "two", name: "db" },
        ],
        rotations: [],
      },
      {
        mount: "second",
        path: "team/db",
        generated: false,
        properties: ["password"],
        wholeSecret: false,
        reads: [{ property: "password" }],
        externalSecrets: [{ namespace: "three", name: "db" }],
        rotations: [],
      },
    ]);
  });

  it("is empty where no secret is declared", () => {
    expect(declaredPaths(settingsWith({ user: { store: { mount: "kv" } } }))).toEqual([]);
  });
});

describe("findDeclared", () => {
  it("takes the mount from the path where only one has it, else from the one named", () => {
    expect(findDeclared(settings, "a/host", undefined).mount).toBe("kv");
    expect(findDeclared(settings, "team/db", "second").properties).toEqual(["password"]);
    expect(() => findDeclared(settings, "team/db", undefined)).toThrow(/several mounts: kv, second.*--mount/);
  });

  it("takes a path with its mount in front, as missing prints it", () => {
    expect(findDeclared(settings, "kv/a/host", undefined).path).toBe("a/host");
    expect(findDeclared(settings, "second/team/db", undefined).mount).toBe("second");
    expect(() => findDeclared(settings, "kv/a/host", "second")).toThrow(/is not declared/);
  });

  it("takes a path that begins like a mount as it stands", () => {
    const alike = settingsWith({
      one: namespace({ a: { data: { A: "kv/host#name", B: "host#name" } } }),
    });
    expect(findDeclared(alike, "kv/host", undefined).path).toBe("kv/host");
    expect(findDeclared(alike, "kv/kv/host", undefined).path).toBe("kv/host");
  });

  it("refuses any other path and lists the declared ones", () => {
    expect(() => findDeclared(settings, "team/dbs", undefined)).toThrow(
      /team\/dbs is not declared[\s\S]+a\/host {2}\(mount kv\)[\s\S]+team\/db {2}\(mount second\)/,
    );
    expect(() => findDeclared(settings, "a/host", "second")).toThrow(
      /a\/host in mount second is not declared/,
    );
  });
});
