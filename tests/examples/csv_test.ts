import { deepEqual, throws } from "node:assert/strict";
import { readCsv } from "../../examples/shared/csv.ts";

const HEAD = "date,rain,wind\n";

Deno.test("readCsv() reads dates and numbers, with lines that end in any way", () => {
  for (const text of ["2012-01-01,1.5,2\n2012-01-02,-3,4e1\n", "2012-01-01,1.5,2\r\n2012-01-02, -3 ,40"]) {
    const { dates, column } = readCsv("f", HEAD + text, ["wind", "rain"]);
    deepEqual(dates, ["2012-01-01", "2012-01-02"]);
    deepEqual([...column("rain")], [1.5, -3]);
    deepEqual([...column("wind")], [2, 40]);
  }
});

const BROKEN: readonly (readonly [text: string, message: string])[] = [
  ["2012-01-01,,2", 'Cannot read f:2: expected a number as rain, received ""'],
  ["2012-01-01,1,2\n2012-01-02,NA,2", 'Cannot read f:3: expected a number as rain, received "NA"'],
  ["2012-01-01,1,Infinity", 'Cannot read f:2: expected a number as wind, received "Infinity"'],
  ["2012-01-01,1,1e999", 'Cannot read f:2: expected a number as wind, received "1e999"'],
  ["2012-01-01,0x10,2", 'Cannot read f:2: expected a number as rain, received "0x10"'],
  ['2012-01-01,"1",2', 'Cannot read f:2: expected a number as rain, received ""1""'],
  ["2012-01-01,−1,2", 'Cannot read f:2: expected a number as rain, received "−1"'],
  [`2012-01-01,${"9".repeat(999)}x,2`, `Cannot read f:2: expected a number as rain, received "${"9".repeat(200)}…"`],
  ["2012-01-01,1,5,2", 'Cannot read f:2: expected 3 values, received 4 in "2012-01-01,1,5,2"'],
  ["2012-01-01;1;2", 'Cannot read f:2: expected 3 values, received 1 in "2012-01-01;1;2"'],
  ["2012-01-01,1,2\n\n2012-01-02,1,2", 'Cannot read f:3: expected 3 values, received 1 in ""'],
  ["2012-01-02,1,2\n2012-01-01,1,2", 'Cannot read f:3: expected a date after 2012-01-02, received "2012-01-01"'],
  ["2012-01-02,1,2\n2012-01-02,1,2", 'Cannot read f:3: expected a date after 2012-01-02, received "2012-01-02"'],
  ["2012-02-30,1,2", 'Cannot read f:2: expected a date such as 2012-01-31, received "2012-02-30"'],
  ["01/02/2012,1,2", 'Cannot read f:2: expected a date such as 2012-01-31, received "01/02/2012"'],
];

for (const [text, message] of BROKEN) {
  Deno.test(`readCsv() names line and value: ${message}`, () => {
    throws(() => readCsv("f", HEAD + text, ["rain", "wind"]), { name: "UserError", message });
  });
}

Deno.test("readCsv() names a column that is missing, and a file without values", () => {
  throws(() => readCsv("f", "date;rain\n", ["rain"]), {
    message: 'Cannot read f:1: expected a column "rain", received "date;rain"',
  });
  throws(() => readCsv("f", HEAD, ["rain"]), { message: "Cannot read f:1: there are no values" });
  throws(() => readCsv("f", "", ["rain"]), { message: 'Cannot read f:1: expected a column "rain", received ""' });
});
