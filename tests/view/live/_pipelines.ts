/** Pipelines to look at. */

import type { Pipeline, TaskContext, TaskOptions, Writer } from "@ringmill/ringmill";
import { INT, newPipeline } from "../../pipeline/_helpers.ts";
import * as tasks from "../../pipeline/_tasks.ts";

/** Writes until stopped, and leaves the machine time for a browser. */
export function countCalmly({ numbers }: { numbers: Writer<"int32"> }, context: TaskContext) {
  for (let n = 0;; n++) {
    numbers.write(Int32Array.of(n), Infinity);
    context.sleep(2);
  }
}

/** count -> double -> drain, until it is stopped. */
export function endless(name = "endless"): Pipeline {
  const pipe = newPipeline(name);
  const numbers = pipe.addStream("numbers", INT);
  const doubled = pipe.addStream("doubled", INT);
  pipe.addTask("count", { fn: countCalmly, module: import.meta, writes: { numbers } });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: doubled } });
  return pipe;
}

/** Its task `bad` throws as soon as the program writes a frame. */
export function failing(name = "failing", options: Pick<TaskOptions<typeof tasks.failAfterOne>, "restart"> = {}) {
  const pipe = newPipeline(name);
  const numbers = pipe.addStream("numbers", INT);
  const others = pipe.addStream("others", INT);
  const trigger = pipe.openWriter(numbers);
  pipe.addTask("bad", { fn: tasks.failAfterOne, reads: { numbers }, ...options });
  pipe.addTask("good", { fn: tasks.drain, reads: { numbers: others } });
  pipe.addTask("count", { fn: countCalmly, module: import.meta, writes: { numbers: others } });
  return { pipe, fail: () => trigger.write(Int32Array.of(1)) };
}

/** Throws an error with that text. */
export function failWith(_: unknown, { params }: TaskContext<string>) {
  throw new RangeError(params);
}

/** Its only task fails with that text. */
export function endlessThatFails(text: string): Pipeline {
  const pipe = newPipeline("fails");
  pipe.addTask("fails", { fn: failWith, module: import.meta, params: text });
  return pipe;
}
