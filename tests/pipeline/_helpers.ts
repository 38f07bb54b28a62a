/** What the tests of pipelines share. */

import { ok } from "node:assert/strict";
import { type AsyncReader, type DType, Pipeline, TaskError, type TaskFunction } from "@ringmill/ringmill";
import * as tasks from "./_tasks.ts";

/** The module of the task functions. */
export const TASKS = new URL("./_tasks.ts", import.meta.url);

/** A pipeline over {@link TASKS}. */
export function newPipeline(name = "test"): Pipeline {
  return new Pipeline(name, TASKS);
}

/** Streams of single int32 numbers. */
export const INT = { shape: [1], dtype: "int32" } as const;

/** All numbers that a reader gets. */
export async function collect(reader: AsyncReader<DType>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const frame of reader) numbers.push(Number(frame[0]));
  return numbers;
}

/** The task `bad` runs `fn`, with neighbours before and after it that would wait for ever. */
export function withNeighbours(fn: TaskFunction, options: Record<string, unknown> = {}): Pipeline {
  const pipe = newPipeline("failing");
  const before = pipe.addStream("before", { ...INT, frames: 2 });
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers: before } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: before } });
  pipe.addTask("bad", { fn: fn as typeof tasks.throwError, writes: { numbers }, ...options });
  pipe.addTask("wait", { fn: tasks.drain, reads: { numbers } });
  return pipe;
}

/** The error of `run()`. */
export async function failureOf(pipe: Pipeline): Promise<TaskError> {
  try {
    await pipe.run();
  } catch (error) {
    ok(error instanceof TaskError, String(error));
    return error;
  } finally {
    await pipe.close();
  }
  throw new Error("the pipeline did not fail");
}
