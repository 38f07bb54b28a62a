/** Each row of the guide's table of errors: what is wrong throws what stands there. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import {
  DeclarationError,
  LifecycleError,
  Pipeline,
  PipelineFileError,
  type Reader,
  type StreamHandle,
  TaskError,
  type Writer,
} from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import { temporaryFolder } from "../examples/_run.ts";
import * as tasks from "./_error_tasks.ts";

const MODULE = new URL("./_error_tasks.ts", import.meta.url).href;
const INT = { shape: [1], dtype: "int32" } as const;

const newPipe = (options = {}) => new Pipeline("errors", MODULE, options);

// deno-lint-ignore no-explicit-any
type Loose = any;

/** A writer of one stream that a terminator reads. */
function withWriter(fn: Loose, more: Loose = {}, options = {}): Pipeline {
  const pipe = newPipe(options);
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("bad", { fn, writes: { numbers }, ...more });
  pipe.addTask.terminator("none", { reads: { numbers } });
  return pipe;
}

const compiles = (declare: (pipe: Pipeline, numbers: StreamHandle<"int32">) => void) => {
  const pipe = newPipe();
  declare(pipe, pipe.addStream("numbers", INT));
  return rejects(pipe.compile(), DeclarationError);
};

/** What is done for each row, by the beginning of its first cell. */
const ROWS: Readonly<Record<string, () => unknown>> = {
  // Of the editor: tests/pipeline/editor_errors_test.ts and wiring_test.ts.
  "a function does not fit its streams": () => {
    type Scale = (bindings: { samples: Reader<"float32">; doubled: Writer<"float32"> }) => void;
    const pipe = newPipe();
    const samples = pipe.addStream("samples", { shape: [1], dtype: "float64" });
    const scale: Scale = () => {};
    // @ts-expect-error The stream has another element type, and a binding is missing.
    pipe.addTask("scale", { fn: scale, reads: { samples } });
  },
  "a name is taken": () => {
    const pipe = newPipe();
    const numbers = pipe.addStream("numbers", INT);
    const event = pipe.addEvent("go");
    throws(() => pipe.addStream("numbers", INT), DeclarationError);
    throws(() => pipe.addEvent("go"), DeclarationError);
    const gate: Loose = { fn: tasks.drain, reads: { numbers }, events: { event }, activateOn: "other" };
    throws(() => pipe.addTask.switchable("t", gate), DeclarationError);
    const other = newPipe().addStream("numbers", INT);
    throws(() => pipe.addTask("t", { fn: tasks.drain, reads: { numbers: other } }), DeclarationError);
  },
  "shape, dtype, frames": () => {
    const wrong: [Loose, typeof Error][] = [
      [{ shape: "1" }, TypeError],
      [{ shape: [0] }, RangeError],
      [{ dtype: 5 }, TypeError],
      [{ dtype: "int7" }, RangeError],
      [{ frames: "3" }, TypeError],
      [{ frames: 0 }, RangeError],
      [{ minReaderPosRefreshInterval: 0 }, RangeError],
      [{ minReaderPosRefreshMs: "1" }, TypeError],
      [{ wait: "sleep" }, RangeError],
    ];
    for (const [option, kind] of wrong) throws(() => newPipe().addStream("s", { ...INT, ...option }), kind);
  },
  "an unknown stream or event": async () => {
    await compiles((pipe) => pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "nosuch" } } as Loose));
    await compiles((pipe, numbers) => pipe.addTask("t", { fn: tasks.drain, reads: { numbers } }));
    await compiles((pipe, numbers) => pipe.addTask("t", { fn: tasks.fine, writes: { numbers } }));
    await compiles((pipe, numbers) => {
      for (const name of ["t", "u"]) pipe.addTask(name, { fn: tasks.fine, writes: { numbers } });
      pipe.addTask.terminator("none", { reads: { numbers } });
    });
    await compiles((pipe, numbers) =>
      pipe.addTask("t", { fn: tasks.drain, reads: { numbers }, writes: { other: numbers } } as Loose)
    );
    await rejects(withWriter(() => {}).compile(), DeclarationError);
  },
  "a file is no saved pipeline": async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "p.toml");
    await Deno.writeTextFile(path, "x = 1");
    await rejects(Pipeline.reconstruct(path), PipelineFileError);
    await withWriter(tasks.fine).save(path);
    const saved = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, saved.replace(/function_module = .*/, 'function_module = "/elsewhere/tasks.ts"'));
    await rejects(Pipeline.reconstruct(path), PipelineFileError);
  },
  "params that no file can hold": async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "p.toml");
    await rejects(withWriter(tasks.fine, { params: { pattern: /x/ } }).save(path), TypeError);
    await rejects(withWriter(() => {}).save(path), DeclarationError);
  },
  "compiled or started twice": async () => {
    await using pipe = withWriter(tasks.fine);
    await pipe.start();
    await rejects(pipe.compile(), LifecycleError);
    await rejects(pipe.start(), LifecycleError);
    throws(() => pipe.addStream("more", INT), LifecycleError);
    await pipe.close();
    await rejects(pipe.run(), LifecycleError);
  },
  "a task throws, rejects": async () => {
    const error = await withWriter(tasks.fail).run().then(() => undefined, (error: TaskError) => error);
    ok(error instanceof TaskError);
    deepEqual([error.task, (error.cause as Error).name], ["bad", "RangeError"]);
  },
  "a task ignores the stop": async () => {
    const pipe = withWriter(tasks.ignore, { params: 400 }, { graceMs: 20 });
    await pipe.start();
    pipe.stop();
    await rejects(pipe.join(), TaskError);
    await pipe.close().catch(() => {});
  },
  "a task with `restart` fails": async () => {
    await rejects(withWriter(tasks.fail, { restart: { limit: 1, backoffMs: 1 } }).run(), TaskError);
  },
  "an option that there is not": async () => {
    throws(() => newPipe().addStream("s", { ...INT, frame: 3 } as Loose), {
      name: "TypeError",
      message: /did you mean "frames"\?/,
    });
    throws(() => newPipe({ graceMs: "1" }), TypeError);
    throws(() => newPipe({ graceMs: -1 }), RangeError);
    await rejects(newPipe().join({ timeout: 1 } as Loose), TypeError);
  },
  "a frame of another type": () => withWriter(tasks.misuse).run(),
  "a ring of bytes has ended": async () => {
    await using manager = new Manager("bytes");
    manager.addRing({ name: "chunks", bytes: 16 });
    manager.addTask({ name: "r", fn: "readTooMuch", module: MODULE, reads: { chunks: "chunks" } });
    const writer = manager.openWriter("chunks");
    await manager.start();
    writer.write(new Uint8Array(10));
    writer.close();
    const error = await manager.join().then(() => undefined, (error: TaskError) => error);
    ok(error?.cause instanceof Error);
    equal(error.cause.name, "UnexpectedEof");
  },
  "the pipeline was stopped": async () => {
    await using pipe = newPipe();
    const numbers = pipe.addStream("numbers", INT);
    const name = new SharedArrayBuffer(16);
    pipe.openWriter(numbers);
    pipe.addTask("wait", { fn: tasks.wait, reads: { numbers }, params: name });
    await pipe.start();
    pipe.stop();
    equal(await pipe.join(), true);
    equal(new TextDecoder().decode(new Uint8Array(name).slice()).replaceAll("\0", ""), "StoppedError");
  },
};

Deno.test("The guide's table of errors has the rows that are tested here, and no others", async () => {
  const guide = await Deno.readTextFile(new URL("../../src/pipeline/README.md", import.meta.url));
  const [, section] = /## When something is wrong\n([^]*?)\n## /.exec(guide)!;
  const cells = section.split("\n").filter((line) => line.startsWith("| ")).slice(2).map((line) =>
    line.split("|")[1].trim()
  );
  equal(cells.length, Object.keys(ROWS).length);
  for (const [index, begins] of Object.keys(ROWS).entries()) ok(cells[index].startsWith(begins), cells[index]);
});

for (const [row, provoke] of Object.entries(ROWS)) {
  Deno.test(`The guide's table of errors is right about: ${row}`, async () => {
    await provoke();
  });
}
