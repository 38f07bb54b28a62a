import { deepEqual } from "node:assert/strict";
import { startersAmong } from "./starters.ts";

Deno.test("startersAmong() finds modules that start other programs than Deno, and those that import such a one", () => {
  const texts = new Map([
    ["tests/a_test.ts", 'import { run } from "./b/_run.ts";'],
    ["tests/b/_run.ts", 'import "./_circle.ts";\nimport { x } from "./_circle.ts";\nnew Deno.Command("sox");'],
    ["tests/b/_circle.ts", 'import { run } from "./_run.ts";'],
    ["tests/c_test.ts", 'import { equal } from "node:assert/strict";\nnew Deno.Command(Deno.execPath());'],
  ]);
  deepEqual(startersAmong(texts).filter((path) => path.endsWith("_test.ts")), ["tests/a_test.ts"]);
});
