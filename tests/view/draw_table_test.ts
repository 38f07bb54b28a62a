import { deepEqual, equal, match, ok } from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import type { EndMetrics, Snapshot, StreamMetrics, TaskMetrics } from "@ringmill/ringmill";
import { drawTable } from "@ringmill/ringmill/view";

function end(framesPerSecond: number): EndMetrics {
  return {
    stream: "s",
    frames: 10,
    bytes: 40,
    framesPerSecond,
    bytesPerSecond: 0,
    waitedMs: 0,
    blocked: 0,
    lost: 0,
    refused: 0,
    pressurePercent: 0,
  };
}

function task(name: string, others: Partial<TaskMetrics> = {}): TaskMetrics {
  return {
    ...{ name, state: "running", waitingFor: null, waits: [], pid: 7, threadId: 8, nice: 0 },
    ...{ cpuPercent: 49.6, cpuMs: 100, rssBytes: 3e6 },
    ...{ heapBytes: 1234567, blockedOnEmpty: 0.125, blockedOnFull: 1, reads: {}, writes: {} },
    ...{ framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, sampledAt: 0 },
    ...{ latenessMs: null, restarts: 0, skippedFrames: 0, deadLetters: 0, lastError: null },
    ...others,
  };
}

function stream(name: string, pressurePercent = 0): StreamMetrics {
  return { name, pressurePercent, frames: 123456, framesPerSecond: 0.5, bytesPerSecond: 2e9 };
}

function snapshot(tasks: readonly TaskMetrics[], streams: readonly StreamMetrics[]): Snapshot {
  const byName = <Metrics extends { name: string }>(all: readonly Metrics[]) =>
    Object.fromEntries(all.map((metrics) => [metrics.name, metrics]));
  return { sampledAt: 0, elapsedMs: 100, pid: 7, rssBytes: 3e6, tasks: byName(tasks), streams: byName(streams) };
}

const SNAPSHOT = snapshot([
  task("source", { writes: { s: end(2000), t: end(500) }, waitingFor: { what: "room", name: "s" }, state: "waiting" }),
  task("日本", { reads: { s: end(0.25) }, threadId: null }),
  task("later", { state: "waiting", waitingFor: { what: "start" } }),
  task("done", { state: "ended" }),
  task("bad", { state: "failed" }),
], [stream("s", 100), stream("t", 33)]);

Deno.test("drawTable() tells of restarts, what came of frames and the last error, if there were any", () => {
  const lastError = `Task "b" failed: it threw Error: ${"x".repeat(100)}\n\x1b[2J`;
  const tasks = [
    task("a"),
    task("b", { state: "restarting", restarts: 3, skippedFrames: 2, deadLetters: 1200, lastError }),
    task("c", { restarts: 1 }),
  ];
  const [, head, ...rows] = drawTable(snapshot(tasks, [])).split("\n");
  match(head, /NO ROOM % +RESTARTS +SKIPPED +DEAD +LAST ERROR$/);
  match(rows[0], / 0 +0 +0$/);
  match(rows[1], /↻ restarting .* 3 +2 +1\.2 k +Task "b" failed: it threw Error: x{6}…$/);
  match(rows[2], / 1 +0 +0$/);
  ok(drawTable(snapshot(tasks, []), { colours: true }).includes("\x1b[33m↻ restarting"));
  ok(!drawTable(snapshot(tasks, []), { width: 100 }).includes("LAST ERROR"));
});

Deno.test("drawTable() draws tasks and streams, numbers to the right", () => {
  equal(
    drawTable(SNAPSHOT, { title: "radar" }),
    `radar  pid 7  3 MB
TASK    THREAD  STATE      CPU %     HEAP  IN/s  OUT/s  NO DATA %  NO ROOM %
source       8  ○ room: s     50  1.23 MB     0  2.5 k         13        100
日本            ● running     50  1.23 MB  0.25      0         13        100
later        8  ○ start       50  1.23 MB     0      0         13        100
done         8  ✓ ended       50  1.23 MB     0      0         13        100
bad          8  ✗ failed      50  1.23 MB     0      0         13        100
STREAM  FULL          %  FRAMES  FRAMES/s  BYTES/s
s       ▰▰▰▰▰▰▰▰▰▰  100   123 k       0.5     2 GB
t       ▰▰▰▱▱▱▱▱▱▱   33   123 k       0.5     2 GB`,
  );
});

Deno.test("drawTable() leaves out columns that do not fit, and keeps names and states", () => {
  const heading = (width: number) =>
    drawTable(SNAPSHOT, { width }).split("\n").filter((line) => /^[A-Z]{4}/.test(line));
  deepEqual(heading(70), [
    "TASK    STATE      CPU %     HEAP  IN/s  OUT/s  NO DATA %  NO ROOM %",
    "STREAM  FULL          %  FRAMES  FRAMES/s  BYTES/s",
  ]);
  deepEqual(heading(40), ["TASK    STATE      CPU %  IN/s  OUT/s", "STREAM    %  FRAMES  FRAMES/s  BYTES/s"]);
  deepEqual(heading(3), []);
});

Deno.test("drawTable() leaves out streams, then tasks, that do not fit, and tells how many", () => {
  const lines = (height: number) => drawTable(SNAPSHOT, { height }).split("\n").map((line) => line.split(" ")[0]);
  const tasks = ["pid", "TASK", "source", "日本", "later", "done", "bad"];
  deepEqual(lines(10), [...tasks, "STREAM", "s", "t"]);
  deepEqual(lines(9), tasks);
  deepEqual(lines(6), ["pid", "TASK", "source", "日本", "later", "and"]);
  match(drawTable(SNAPSHOT, { height: 6 }), /\nand 2 more$/);
  deepEqual(lines(2), ["pid", "TASK"]);
  deepEqual(lines(1), ["pid"]);
  const many = snapshot([task("a")], Array.from({ length: 9 }, (_, n) => stream(`s${n}`)));
  match(drawTable(many, { height: 7 }), /\na [^]*\nSTREAM[^\n]*\ns0[^\n]*\ns1[^\n]*\nand 7 more$/);
});

Deno.test("drawTable() colours the same text, and only if it is told to", () => {
  const coloured = drawTable(SNAPSHOT, { colours: true });
  ok(coloured.includes("\x1b[31m✗ failed"));
  equal(stripVTControlCharacters(coloured), drawTable(SNAPSHOT));
  ok(!drawTable(SNAPSHOT).includes("\x1b"));
});

Deno.test("drawTable() draws nothing of no tasks, and no control characters that names hold", () => {
  equal(drawTable(snapshot([], [])), "pid 7  3 MB");
  const text = drawTable(snapshot([task("a\x1b[2J\nb")], [stream("x".repeat(200))]), { title: "\x07" });
  ok(!/\p{Cc}/u.test(text.replaceAll("\n", "")));
  equal(text.split("\n").length, 5);
  ok(text.split("\n").every((line) => line.length < 170));
});
