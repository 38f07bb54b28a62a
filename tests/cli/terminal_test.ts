import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PIPELINES } from "./_command.ts";
import { HAS_SCRIPT, linesAfter, startOnTerminal } from "./_terminal.ts";

const numbers = (lines: readonly string[]) => lines.filter((line) => /^number \d+$/.test(line));
const counted = (many: number) => Array.from({ length: many }, (_, n) => `number ${n + 1}`);

Deno.test({
  name:
    "run shows a table at the bottom of a terminal, above which what tasks print scrolls, and removes it in the end",
  ignore: !HAS_SCRIPT,
  async fn() {
    await using command = startOnTerminal(80, 20, "run", "--export", "endless", "--interval", "50", PIPELINES);
    await command.output.until(/number 50\r\n/);
    await command.type("\x03");
    const { output, errors } = await command.end();
    equal(errors, "");

    // As it was in the middle: 20 rows, of which the table has the last five.
    const middle = await linesAfter(80, 20, output.slice(0, output.indexOf("number 40")));
    const [heading, tasks, source, sink, streams, stream] = middle.slice(-6);
    match(heading, /^numbers {2}[\d.]+ m?s {2}pid \d+ {2}[\d.]+ MB$/);
    match(tasks, /^TASK +STATE +CPU % +/);
    match(source, /^source +○ sleep +\d+ /);
    match(sink, /^sink +(○ data: numbers|● running) +\d+ /);
    match(streams, /^STREAM +FULL +% /);
    match(stream, /^numbers +[▰▱]{10} +\d+ /);
    deepEqual(numbers(middle), counted(39));

    const end = await linesAfter(80, 20, output);
    const printed = numbers(end);
    ok(printed.length >= 50);
    deepEqual(printed, counted(printed.length));
    const rest = end.slice(end.indexOf(printed.at(-1)!) + 1).filter((line) => line !== "");
    match(
      rest.join("\n"),
      /^\^CStopping[^\n]*\nunwound\nnumbers {2}mean of [^\n]*\nTASK [^\n]*\nsource [^\n]*\nsink [^\n]*\nSTREAM [^\n]*\nnumbers [^\n]*\nstatus 130$/,
    );
    // What is printed afterwards scrolls over the whole terminal again.
    const after = await linesAfter(80, 20, `${output}${"x\r\n".repeat(100)}`);
    deepEqual(after.slice(-20), [...Array(19).fill("x"), ""]);
  },
});

Deno.test({
  name: "run shows as much of the table as a small terminal has room for",
  ignore: !HAS_SCRIPT,
  async fn() {
    await using command = startOnTerminal(50, 14, "run", "--export", "wide", "--interval", "50", PIPELINES);
    await command.output.until(/number 30\r\n/);
    await command.type("\x03");
    const { output } = await command.end();
    const lines = await linesAfter(50, 14, output.slice(0, output.indexOf("number 30")));
    match(lines.at(-1)!, /^and 9 more$/);
    match(lines.at(-7)!, /^TASK +STATE +CPU % +IN\/s +OUT\/s$/);
    deepEqual(numbers(lines), counted(29));
  },
});

Deno.test({
  name: "run shows no table on a terminal of a few lines",
  ignore: !HAS_SCRIPT,
  async fn() {
    await using command = startOnTerminal(50, 6, "run", "--export", "endless", "--interval", "50", PIPELINES);
    await command.output.until(/number 20\r\n/);
    await command.type("\x03");
    const { output } = await command.end();
    const lines = await linesAfter(50, 6, output.slice(0, output.indexOf("number 20")));
    deepEqual(lines.filter((line) => line !== ""), counted(19));
  },
});

Deno.test({
  name: "run gives the whole terminal back when a second Ctrl-C ends it",
  ignore: !HAS_SCRIPT,
  async fn() {
    await using command = startOnTerminal(80, 20, "run", "--export", "deafForLong", "--interval", "50", PIPELINES);
    await command.output.until(/STREAM/);
    await command.type("\x03");
    await command.output.until(/Stopping/);
    await command.type("\x03");
    const { output } = await command.end();
    const after = await linesAfter(80, 20, `${output}${"x\r\n".repeat(100)}`);
    deepEqual(after.slice(-20), [...Array(19).fill("x"), ""]);
    match(output, /status 130\r\n$/);
  },
});
