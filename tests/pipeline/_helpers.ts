/** What the tests of pipelines share. */

import { type AsyncReader, type DType, Pipeline } from "@ringmill/ringmill";

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
