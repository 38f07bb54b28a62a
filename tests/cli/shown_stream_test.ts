/** `ringmill top --stream`: the newest frame of a stream in a terminal. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import stringWidth from "string-width";
import { isLiveFrame } from "../../src/cli/program/run_update.ts";
import { serveRun } from "../../src/cli/program/run_server.ts";
import { followFramesOf } from "../../src/cli/program/run_client.ts";
import { RUN_VERSION, type RunRecord } from "../../src/cli/program/run_records.ts";
import { sparklines } from "../../src/cli/terminal/sparkline.ts";
import { sketchFrame } from "../../src/view/live/sketch/sketch_frame.ts";
import type { LiveFrame } from "@ringmill/ringmill/view";
import { temporaryFolder } from "../examples/_run.ts";
import { PIPELINES, ringmill, type Running, start } from "./_command.ts";
import { HAS_SCRIPT, startOnTerminal } from "./_terminal.ts";

const NO_FRAME = { node: "stream:s", frames: 0, isFinal: false, type: "float64[4]", description: "", leftOut: 0 };

function frameOf(shape: readonly number[], numbers: readonly number[], more: Partial<LiveFrame> = {}): LiveFrame {
  const { buffer } = Float64Array.from(numbers);
  const parts = sketchFrame(buffer, 0, { shape, dtype: "float64", description: "load [%]" });
  return { ...NO_FRAME, frames: 1, parts, ...more };
}

Deno.test("sparklines() draws a line, a picture by its columns, and says what is missing", () => {
  deepEqual(sparklines(frameOf([8], [0, 1, 2, 3, 4, 5, 6, 7]), 80), ["s  frame 1, float64[4]", "0 to 7 %", "▁▂▃▄▅▆▇█"]);
  deepEqual(sparklines(frameOf([4], [1, NaN, Infinity, 2]), 80).slice(1), ["1 to 2 %, 2 not finite", "▁  █"]);
  deepEqual(sparklines(frameOf([2], [NaN, NaN]), 80).slice(1), ["no finite number", "  "]);
  deepEqual(sparklines(frameOf([2, 3], [0, 0, 9, 0, 9, 9]), 80).slice(1), ["0 to 9 %", "▁▅█"]);
  deepEqual(sparklines({ ...NO_FRAME, parts: [] }, 80), ["s  no frame yet, float64[4]"]);
  deepEqual(sparklines({ ...NO_FRAME, isFinal: true, parts: [] }, 80), ["s  no frame came, float64[4]"]);
  const [part] = frameOf([2], [1, 2]).parts;
  const many = sparklines({ ...NO_FRAME, frames: 7, isFinal: true, parts: Array(6).fill(part), leftOut: 3 }, 80);
  equal(many[0], "s  frame 7, the last, float64[4], 5 more");
  equal(many.length, 9);
});

Deno.test("sparklines() keeps to its width, and lets no name break out of the terminal", () => {
  const wide = frameOf([500], Array.from({ length: 500 }, (_, n) => n));
  for (const width of [1, 2, 10, 80, 1000]) {
    for (const line of sparklines(wide, width)) ok(Array.from(line).length <= width, `${width}: ${line}`);
  }
  // A character of these takes two columns of a terminal, or none.
  for (const name of ["流".repeat(100), "🎉".repeat(100), "e\u0301".repeat(100)]) {
    const [head] = sparklines(frameOf([2], [1, 2], { node: `stream:${name}` }), 40);
    ok(stringWidth(head) <= 40 && stringWidth(head) >= 39, head);
  }
  const evil = frameOf([2], [1, 2], { node: "stream:\x1b[2Jx\n", type: "\x07" });
  // deno-lint-ignore no-control-regex
  ok(sparklines(evil, 80).every((line) => !/[\x00-\x1f\x7f-\x9f]/.test(line)));
});

Deno.test("isLiveFrame() refuses whatever sparklines() could not draw", () => {
  const frame = frameOf([4], [1, 2, 3, 4]);
  ok(isLiveFrame(frame));
  ok(isLiveFrame(JSON.parse(JSON.stringify(frame))));
  const [part] = frame.parts;
  const broken: unknown[] = [
    null,
    [],
    {},
    { ...frame, parts: null },
    { ...frame, frames: -1 },
    { ...frame, node: 5 },
    ...["kind", "width", "height", "data", "name", "unit", "missing"].map((field) => ({
      ...frame,
      parts: [{ ...part, [field]: { toString: 1 } }],
    })),
    { ...frame, parts: [{ ...part, width: 1e9 }] },
    { ...frame, parts: [{ ...part, width: 3 }] },
    { ...frame, parts: [{ ...part, data: "?" }] },
    { ...frame, parts: [{ ...part, texts: [1, 2] }] },
    { ...frame, parts: [{ ...part, kind: "picture", channels: 1e6 }] },
  ];
  for (const each of broken) equal(isLiveFrame(each), false, JSON.stringify(each));
});

/** Runs that see no others. */
async function alone(fn: () => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const before = Deno.env.get("XDG_RUNTIME_DIR");
  Deno.env.set("XDG_RUNTIME_DIR", folder.path);
  try {
    await fn();
  } finally {
    if (before === undefined) Deno.env.delete("XDG_RUNTIME_DIR");
    else Deno.env.set("XDG_RUNTIME_DIR", before);
  }
}

Deno.test("A run is asked for frames by its socket, and looks at nothing once nobody hears it", () =>
  alone(async () => {
    let looks = 0;
    const left = Promise.withResolvers<void>();
    const told = {
      name: "told",
      async *watch() {},
      frames: (stream: string, signal: AbortSignal) =>
        stream !== "s" ? undefined : (async function* () {
          looks++;
          yield frameOf([2], [1, 2]);
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          left.resolve();
        })(),
    };
    using server = await serveRun(told);
    const record: RunRecord = {
      version: RUN_VERSION,
      pid: Deno.pid,
      name: "told",
      source: "",
      address: server.address,
    };
    equal(looks, 0);
    const leaving = new AbortController();
    const frames = followFramesOf(record, "s", leaving.signal);
    equal((await frames.next()).value!.frames, 1);
    equal(looks, 1);
    leaving.abort();
    await left.promise;
    await frames.next().catch(() => {});
    deepEqual(await Array.fromAsync(followFramesOf(record, "nosuch", new AbortController().signal)), []);
  }));

Deno.test("Frames of runs of an older or newer Ringmill are refused by a sentence", async () => {
  for (
    const [frames, why] of [
      [undefined, /^Cannot watch "told": it was made by an older Ringmill, which shows no frames$/],
      [2, /^Cannot watch "told": it was made by a newer Ringmill/],
    ] as const
  ) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode(`${JSON.stringify({ ringmill: 1, frames, name: "told" })}\n`));
    })();
    const record: RunRecord = { version: 1, pid: 1, name: "told", source: "", address: { port, token: "x" } };
    const error = await followFramesOf(record, "s", new AbortController().signal).next().then(
      () => new Error("nothing"),
      (error: Error) => error,
    );
    match(error.message, why);
    await serving;
  }
});

async function startEndless(): Promise<Running> {
  const command = start("run", "--quiet", "--export", "endless", "--dashboard", PIPELINES);
  await command.output.until(/number 3\n/);
  return command;
}

const SPARK = /\nnumbers {2}frame \d+, int32\[1\]\n(\d+) to \1\n▅\n/;

Deno.test("top --stream shows the newest frame of a stream, once or as it changes, by the socket and by the page", () =>
  alone(async () => {
    await using command = await startEndless();
    await command.errors.until(/Dashboard: (http:.*)\n/);
    const [, url] = /Dashboard: (http:.*)\n/.exec(command.errors.text)!;
    for (const target of [[], [url]]) {
      const { status, output, errors } = await ringmill("top", "--once", "--stream", "numbers", ...target);
      equal(errors, "");
      match(output, SPARK);
      equal(status, 0);
    }
    const unknown = await ringmill("top", "--once", "--stream", "number");
    equal(
      unknown.errors,
      'error: Cannot watch stream "number" of "numbers": it has "numbers"; did you mean "numbers"?\n',
    );
    equal(unknown.status, 1);
    await using watching = start("top", "--every", "0.1", "--stream", "numbers");
    await watching.output.until(/(\nnumbers {2}frame \d+[^]*){2}/);
    command.kill("SIGINT");
    const { status, output } = await watching.end();
    match(output, /numbers {2}mean of [^]*\nnumbers {2}frame \d+/);
    equal(status, 0);
  }));

Deno.test({
  name: "top --stream shows the frame below the table of a terminal",
  ignore: !HAS_SCRIPT,
  fn: () =>
    alone(async () => {
      await using command = await startEndless();
      await using watching = startOnTerminal(100, 30, "top", "--stream", "numbers");
      await watching.output.until(/numbers {2}frame \d+, int32\[1\][^]*▅[^]*numbers {2}frame \d+/);
      command.kill("SIGINT");
      equal((await watching.end()).status, 0);
    }),
});
