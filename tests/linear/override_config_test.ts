import { deepEqual, throws } from "node:assert/strict";
import { overrideConfig } from "../../src/linear/override_config.ts";

const config = {
  nothing: null,
  missing: undefined,
  day: new Date(0),
  tags: ["a"],
  limits: { low: 1 },
  bare: Object.assign(Object.create(null), { low: 1 }),
};

Deno.test("overrideConfig() takes any JSON, also null, in place of nothing", () => {
  for (const name of ["nothing", "missing"]) {
    for (const value of [null, 5, "text", { a: [1] }, [null]]) {
      deepEqual(overrideConfig(config, [`config.${name}=${JSON.stringify(value)}`]), { ...config, [name]: value });
    }
    throws(() => overrideConfig(config, [`config.${name}=text`]), /expected JSON of the same kind.*received "text"/);
  }
});

Deno.test("overrideConfig() takes objects and arrays in place of such, and a date", () => {
  const changes = ['config.tags=["b"]', 'config.limits={"high":2}', 'config.bare={"high":2}', "config.day=1970-01-02"];
  const { tags, limits, bare, day } = overrideConfig(config, changes) as typeof config;
  deepEqual([tags, limits, bare, day], [["b"], { high: 2 }, { high: 2 }, new Date(86_400_000)]);
  for (const change of ["config.tags=null", "config.tags={}", "config.limits=[]", "config.limits=null"]) {
    throws(() => overrideConfig(config, [change]), /expected JSON of the same kind/);
  }
});

Deno.test("overrideConfig() refuses to make a plain object or array of a value that is none", () => {
  const values = [
    new Map([["a", 1]]),
    new Set([1]),
    new Float64Array([1]),
    new DataView(new ArrayBuffer(1)),
    new ArrayBuffer(1),
    /a/,
    new Error("a"),
    new URL("https://a.example/"),
  ];
  for (const value of values) {
    for (const text of ['{"b":2}', "{}", "[1]", "null", "5"]) {
      throws(() => overrideConfig({ value }, [`config.value=${text}`]), { name: "OverrideError" }, Deno.inspect(value));
    }
  }
});
