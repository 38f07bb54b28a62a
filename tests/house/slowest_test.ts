import { deepEqual } from "node:assert/strict";
import { secondsByFile } from "./slowest.ts";

Deno.test("secondsByFile() adds up the tests of each file, the longest first", () => {
  const report = `<testsuites name="deno test" tests="3" time="9">
    <testsuite name="./a_test.ts" tests="1"><testcase name="x" classname="./a_test.ts" time="0.500" line="1" col="6">
    </testcase></testsuite>
    <testsuite name="./b_test.ts" tests="2"><testcase name="y" classname="./b_test.ts" time="1.250" line="1" col="6">
    </testcase><testcase name="z" classname="./b_test.ts" time="1.000" line="9" col="6"></testcase></testsuite>
  </testsuites>`;
  deepEqual(secondsByFile(report), [{ file: "./b_test.ts", seconds: 2.25 }, { file: "./a_test.ts", seconds: 0.5 }]);
});
