/** Wrong wiring is an error in the editor. Each `@ts-expect-error` here fails the type check if there is none. */

import {
  type DType,
  LifecycleError,
  Pipeline,
  type Reader,
  type StreamHandle,
  type TaskContext,
  type TaskEvent,
  type Writer,
} from "@ringmill/ringmill";
import { equal, throws } from "node:assert/strict";
import { newPipeline, TASKS } from "./_helpers.ts";

function wantsDoubles(_: { samples: Reader<"float64"> }) {}
function mixes(_: { left: Reader<"float32">; right: Reader<"int16">; mixed: Writer<"float64">; halt: TaskEvent }) {}
function takesEither(_: { samples: Reader<"float32" | "float64"> }) {}
function takesAny(_: { samples: Reader }) {}
function takesOptional(_: { samples: Reader<"float32">; halt?: TaskEvent }) {}
function takesNothing() {}
function wantsGain(_: { samples: Reader<"float32"> }, __: TaskContext<{ gain: number }>) {}
function watches(_: { halt: TaskEvent }) {}
function writes(_: { samples: Writer<"float32"> }) {}

function declare() {
  const pipe = new Pipeline("types", TASKS);
  const floats = pipe.addStream("floats", { shape: [8], dtype: "float32" });
  const doubles = pipe.addStream("doubles", { shape: [8], dtype: "<f8" });
  const shorts = pipe.addStream("shorts", { shape: [8], dtype: "int16" });
  const halt = pipe.addEvent("halt");
  return { pipe, floats, doubles, shorts, halt };
}

/** Never called: what it holds is for the type checker. */
export function takenApart(
  samples: Reader<"float32">,
  scaled: Writer<"float32">,
  halt: TaskEvent,
  context: TaskContext,
) {
  const { look, increment } = samples;
  const { write } = scaled;
  const { wait } = halt;
  const { sleep } = context;
  // @ts-expect-error A reader's method is taken out of its reader.
  look(1);
  // @ts-expect-error As above.
  increment();
  // @ts-expect-error A writer's method is taken out of its writer.
  write(new Float32Array(8));
  // @ts-expect-error An event's method is taken out of its event.
  wait();
  // A context's may be.
  sleep(1);
}

/** Never called. Calls on one of several kinds of ends are possible. */
export function anyOf(end: Reader<"float32"> | Reader<"float64"> | Writer<"int8">, reader: Reader<"int8" | "int16">) {
  reader.read();
  end.look(1);
  end.close();
}

/** Never called: what it holds is for the type checker. */
export function rejected() {
  const { pipe, floats, doubles, shorts, halt } = declare();
  // @ts-expect-error A task that reads float64 cannot be given a float32 stream.
  pipe.addTask("t", { fn: wantsDoubles, reads: { samples: floats } });
  // @ts-expect-error A binding is missing.
  pipe.addTask("t", { fn: wantsDoubles, reads: {} });
  // @ts-expect-error All bindings are missing.
  pipe.addTask("t", { fn: wantsDoubles });
  // @ts-expect-error A binding is misspelt.
  pipe.addTask("t", { fn: wantsDoubles, reads: { sampels: doubles } });
  // @ts-expect-error A binding is one too many.
  pipe.addTask("t", { fn: wantsDoubles, reads: { samples: doubles, more: doubles } });
  // @ts-expect-error The task writes where it should read.
  pipe.addTask("t", { fn: wantsDoubles, writes: { samples: doubles } });
  // @ts-expect-error The task reads where it should write.
  pipe.addTask("t", { fn: writes, reads: { samples: floats } });
  // @ts-expect-error An event is no stream.
  pipe.addTask("t", { fn: wantsDoubles, reads: { samples: halt } });
  // @ts-expect-error A stream is no event.
  pipe.addTask("t", { fn: watches, events: { halt: floats } });
  const mixed = { writes: { mixed: doubles }, events: { halt } };
  // @ts-expect-error Two streams are exchanged.
  pipe.addTask("t", { fn: mixes, reads: { left: shorts, right: floats }, ...mixed });
  // @ts-expect-error An event is missing.
  pipe.addTask("t", { fn: watches });
  // @ts-expect-error Neither element type fits.
  pipe.addTask("t", { fn: takesEither, reads: { samples: shorts } });
  // @ts-expect-error A function without bindings is given one.
  pipe.addTask("t", { fn: takesNothing, reads: { samples: floats } });
  // @ts-expect-error The params are missing.
  pipe.addTask("t", { fn: wantsGain, reads: { samples: floats } });
  // @ts-expect-error The params are of another type.
  pipe.addTask("t", { fn: wantsGain, reads: { samples: floats }, params: { gain: "loud" } });
  // @ts-expect-error The decorator is given a function that reads another type.
  pipe.addTask("t", { reads: { samples: floats } })(wantsDoubles);
  // @ts-expect-error The decorator is given a function that writes.
  pipe.addTask("t", { reads: { samples: floats } })(writes);
  // @ts-expect-error The decorator is given a function that wants more.
  pipe.addTask("t", { reads: { left: floats } })(mixes);
  // @ts-expect-error The event to run on is not bound.
  pipe.addTask.switchable("t", { fn: writes, writes: { samples: floats }, activateOn: "go", events: { halt } });
  // @ts-expect-error The function's own event is not bound.
  pipe.addTask.toggleable("t", { fn: watches, activateOn: "go", events: { go: halt } });
  // @ts-expect-error A stream that was found by name is of another type.
  pipe.addTask("t", { fn: wantsDoubles, reads: { samples: pipe.stream("floats", "float32") } });
  // @ts-expect-error No such element type.
  pipe.stream("floats", "float31");
  // @ts-expect-error A terminator reads streams.
  pipe.addTask.terminator("t", { reads: { samples: halt } });
  // @ts-expect-error No such element type.
  pipe.addStream("s", { shape: [8], dtype: "float31" });
  // @ts-expect-error Big-endian frames are not supported.
  pipe.addStream("s", { shape: [8], dtype: ">f4" });
  // @ts-expect-error No such option.
  pipe.addStream("s", { shape: [8], dtype: "int8", frame: 4 });
  // @ts-expect-error No such strategy.
  pipe.addStream("s", { shape: [8], dtype: "int8", wait: "sleep" });
  // @ts-expect-error A frame of another type.
  pipe.openWriter(floats).write(new Float64Array(8));
  const reader = pipe.openReader(floats);
  const writer = pipe.openWriter(floats);
  const event = pipe.openEvent(halt);
  const { readAsync } = reader;
  const { writeAsync } = writer;
  const { signal } = event;
  // @ts-expect-error A reader's method is taken out of its reader.
  readAsync();
  // @ts-expect-error A writer's method is taken out of its writer.
  writeAsync(new Float32Array(8));
  // @ts-expect-error An event's method is taken out of its event.
  signal();
  // @ts-expect-error The main thread has no blocking iterator.
  for (const _ of pipe.openReader(floats));
}

Deno.test("Pipeline.addTask() accepts, by type, every wiring that fits", () => {
  const { pipe, floats, doubles, shorts, halt } = declare();
  pipe.addTask("exact", { fn: wantsDoubles, reads: { samples: doubles } });
  pipe.addTask("by name", { fn: wantsDoubles, reads: { samples: "doubles" } });
  pipe.addTask("found by name", { fn: wantsDoubles, reads: { samples: pipe.stream("doubles", "<f8") } });
  pipe.addTask("mixed", {
    fn: mixes,
    reads: { left: floats, right: shorts },
    writes: { mixed: doubles },
    events: { halt },
  });
  pipe.addTask("either", { fn: takesEither, reads: { samples: floats } });
  pipe.addTask("any", { fn: takesAny, reads: { samples: shorts } });
  pipe.addTask("left out", { fn: takesOptional, reads: { samples: floats } });
  pipe.addTask("given", { fn: takesOptional, reads: { samples: floats }, events: { halt } });
  pipe.addTask("nothing", { fn: takesNothing });
  pipe.addTask("gain", { fn: wantsGain, reads: { samples: floats }, params: { gain: 2 } });
  pipe.addTask.toggleable("on", { fn: writes, writes: { samples: floats }, activateOn: "go", events: { go: halt } });
  pipe.addTask("decorated", { reads: { samples: doubles } })(wantsDoubles);
  pipe.addTask("decorated by name", { reads: { samples: "doubles" } })(wantsDoubles);
  // deno-lint-ignore no-explicit-any
  pipe.addTask("of any type", { fn: takesAny as any, reads: { samples: "shorts" } });
  equal(pipe.tasks.size, 14);
});

Deno.test("The types of frames follow from the element type", () => {
  const pipe = newPipeline();
  const longs: StreamHandle<"int64"> = pipe.addStream("longs", { shape: [2], dtype: "i8" });
  const reader = pipe.openReader(longs);
  const writer = pipe.openWriter(longs);
  const accepted = () => {
    const owned: BigInt64Array<ArrayBuffer> | null = reader.read();
    const shared: BigInt64Array<SharedArrayBuffer> | null = reader.look();
    return [owned, shared, writer.write(new BigInt64Array(2))];
  };
  const dtype: DType = longs.dtype;
  equal(dtype, "int64");
  throws(accepted, LifecycleError);
});
