/** What the tests of saved pipelines share. */

import { ok } from "node:assert/strict";
import { Pipeline, PipelineFileError, type ReconstructOptions } from "@ringmill/ringmill";
import { newPipeline, TASKS } from "../_helpers.ts";
import * as tasks from "../_tasks.ts";

/** A folder that is removed with all that is in it. */
export class Folder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync();

  /** Writes a file in it, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** A pipeline with everything that can be declared. */
export function declareAll(): Pipeline {
  const pipe = newPipeline("radar");
  pipe.addStream("plain", { shape: [1], dtype: "int32" });
  const numbers = pipe.addStream("numbers", {
    shape: [1],
    dtype: "<i4",
    frames: 7,
    cacheAlign: false,
    minReaderPosRefreshInterval: 3,
    minReaderPosRefreshMs: Infinity,
    wait: "park",
    description: 'in "quotes"\nand läuft',
  });
  pipe.addStream("image", { shape: [4, 3, 2], dtype: "complex64", minReaderPosRefreshMs: 0.5, wait: "spin" });
  const go = pipe.addEvent("go", { initialState: true, description: "open" });
  pipe.addEvent("two words");
  pipe.addTask("count", {
    fn: tasks.count,
    writes: { numbers },
    params: { count: 3 },
    permissions: { net: ["localhost:80"], read: true, env: false, run: "inherit" },
    description: "counts",
  });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers }, permissions: "none" });
  pipe.addTask.toggleable("beep", {
    fn: tasks.countCalls,
    writes: { numbers: "plain" },
    events: { now: go },
    activateOn: "now",
  });
  pipe.addTask.switchable("motor", {
    fn: tasks.ignoreEvent,
    events: { go, "on it": "two words" },
    activateOn: "on it",
  });
  pipe.addTask.terminator("nobody", { reads: ["plain", "image"] });
  pipe.addTask.terminator("named", { reads: { x: numbers } });
  pipe.addTask.terminator("idle", { reads: [] });
  return pipe;
}

/** Saves, and reconstructs with the module of the test tasks allowed. */
export async function saveAndReconstruct(pipe: Pipeline, path: string): Promise<Pipeline> {
  await pipe.save(path);
  return await Pipeline.reconstruct(path, { allowModules: [TASKS] });
}

/** The error of reconstructing a file. */
export async function refusal(path: string, options?: ReconstructOptions): Promise<PipelineFileError> {
  try {
    await Pipeline.reconstruct(path, options);
  } catch (error) {
    ok(error instanceof PipelineFileError, String((error as Error).stack));
    return error;
  }
  throw new Error("the file was accepted");
}
