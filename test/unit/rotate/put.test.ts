import { describe, expect, it } from "vitest";
import { findKey, rotationOf } from "../../../cli/rotate/keys.ts";
import { refusePut, replacedText } from "../../../cli/rotate/put.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { anthropic, openai, rotated, rotation, slotsWith, unused } from "./keys.ts";

describe("which key", () => {
  it("is found by its name, and a name that is nearly one is told", () => {
    expect(findKey(rotation, "anthropic").name).toBe("anthropic");
    expect(() => findKey(rotation, "antropic")).toThrow(
      "rotation.keys has no antropic. Is it anthropic? Declared: anthropic, openai-llm",
    );
    expect(() => findKey(rotation, undefined)).toThrow(/Which key\? Declared: .*anthropic/);
    expect(() => findKey(rotation, "mistral")).toThrow(/has no mistral\. Declared/);
  });

  it("needs a rotation", () => {
    expect(() => rotationOf(settingsOf("prod"), "prod")).toThrow(/Pulumi\.prod\.yaml declares no rotation/);
  });
});

describe("a key is put", () => {
  it("at first, again while it waits, and once no rotation is under way", () => {
    refusePut(anthropic, unused, undefined, "dev");
    refusePut(anthropic, slotsWith(rotated), undefined, "dev");
    refusePut(anthropic, { ...slotsWith(rotated), standing: "supplied" }, undefined, "dev");
  });

  it("not where the provider makes them: there is a command for that", () => {
    expect(() => refusePut(openai, unused, undefined, "prod")).toThrow(
      /makes the keys of openai-llm itself .*npm run rotate -- now openai-llm --stack prod/,
    );
  });

  it("not while a run is under way, or was cut off", () => {
    for (const slots of [
      { ...slotsWith(rotated), standing: "unreported" as const },
      slotsWith({ ...rotated, phase: "promoted" }),
    ]) {
      expect(() => refusePut(anthropic, slots, undefined, "dev")).toThrow(/under way, or was cut off/);
    }
  });

  it("not with an id that nothing would use", () => {
    expect(() => refusePut(anthropic, unused, "key_1", "dev")).toThrow(/declares no revoke/);
  });
});

describe("a key that is put while an earlier one waits", () => {
  const waiting = { version: 9, createdTime: "2026-11-25T14:34:41Z", readable: true };
  const slots = { ...slotsWith(rotated), standing: "supplied" as const };

  it("replaces it, and says when that was put and that it has to be archived", () => {
    expect(replacedText({ ...slots, state: { ...slots.state, versions: [waiting] } })).toBe(
      "It replaces the key that was put at 2026-11-25T14:34:41Z and that no run has taken up. That one is still valid, " +
        "and nothing will revoke it: archive it at the provider.",
    );
    expect(replacedText(slots)).toMatch(/put earlier and that no run/);
  });

  it("replaces none where a run took it up, or none was put", () => {
    expect([unused, slotsWith(rotated)].map(replacedText)).toEqual([undefined, undefined]);
  });
});
