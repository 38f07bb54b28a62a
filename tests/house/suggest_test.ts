/** Names that are near a misspelt one. */

import { equal } from "node:assert/strict";
import { suggest } from "../../src/suggest.ts";

Deno.test("suggest() names what is near, of names that are not too many to look at", () => {
  const names = Array.from({ length: 1000 }, (_, index) => `kernel${index}`);
  equal(suggest("kernal7", names), '; did you mean "kernel7"?');
  equal(suggest("something", names), "");
  equal(suggest(7, names), "");
  function* endless() {
    for (let n = 0;; n++) yield `kernel${n}`;
  }
  equal(suggest("kernal7", endless()), "");
});
