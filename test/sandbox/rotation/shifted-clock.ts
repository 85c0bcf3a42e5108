/** Loaded before a program: its clock is wrong by CLOCK_SHIFT_SECONDS. */

const shiftMs = Number(process.env.CLOCK_SHIFT_SECONDS) * 1_000;
const TrueDate = globalThis.Date;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args, made) =>
    Reflect.construct(target, args.length === 0 ? [TrueDate.now() + shiftMs] : args, made),
  get: (target, name, receiver) =>
    name === "now" ? () => TrueDate.now() + shiftMs : Reflect.get(target, name, receiver),
});
