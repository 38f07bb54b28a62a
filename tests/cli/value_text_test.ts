import { equal } from "node:assert/strict";
import { toCsv, toJson } from "../../src/cli/commands/value_text.ts";

Deno.test("toCsv() and toJson() write a date without a time as nothing", () => {
  const never = new Date(NaN);
  const day = new Date(0);
  equal(toCsv([{ at: never, n: 1 }, { at: day, n: 2 }]), "at,n\r\n,1\r\n1970-01-01T00:00:00.000Z,2\r\n");
  equal(toCsv([never, day]), "\r\n1970-01-01T00:00:00.000Z\r\n");
  equal(toCsv([[never, null, undefined, ""]]), ",,,\r\n");
  equal(toCsv({ at: [never], in: [[never]] }), "at,in\r\n,[null]\r\n");
  equal(toJson([never]), "[\n  null\n]\n");
});
