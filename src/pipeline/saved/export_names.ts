/** The names by which the functions of tasks are exported. */

import { DeclarationError, TaskError } from "../../errors.ts";
import { targetOf } from "../../worker/export_target.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import { WorkerPool } from "../../pool/worker_pool.ts";
import { moduleUrl } from "../../worker/module_url.ts";
import type { TaskDeclaration } from "../task.ts";
// Imported for its file alone: `deno compile` embeds what is imported somewhere.
import "./search_export.ts";

/** The URL of the module that exports a task's function. */
export function functionModule({ module }: TaskDeclaration, own: string): string {
  return module === undefined ? own : moduleUrl(module, own);
}

/**
 * The names of the exports, by those of the tasks.
 *
 * @throws {DeclarationError} If a function is not an export of its module, or the module cannot be imported.
 */
export async function nameExports(
  pipeline: string,
  module: string,
  tasks: Iterable<TaskDeclaration>,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  await using searches = new ExportSearches(pipeline);
  for (const task of tasks) {
    if (task.mode === "terminator") continue;
    const refuse = (reason: string) => {
      throw new DeclarationError(`Cannot save pipeline "${pipeline}": task "${task.name}": ${reason}`);
    };
    const url = functionModule(task, module);
    if (url.startsWith("blob:")) refuse(`its module ${url} is gone with this program`);
    try {
      const target = task.exportName === undefined ? await targetOf(task.fn!, url) : { exportName: task.exportName };
      names.set(task.name, target.exportName ?? await searches.find(target as ExportTarget));
    } catch (error) {
      if (error instanceof DeclarationError) refuse(error.message);
      if (error instanceof TaskError) refuse(`its module ${url} cannot be imported: ${error.reason}`);
      throw error;
    }
  }
  return names;
}

/** Looks into modules that this thread is still evaluating: those at whose top level a pipeline is saved. */
class ExportSearches implements AsyncDisposable {
  readonly #name: string;
  #pool: WorkerPool | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** The name of the export. */
  async find(target: ExportTarget): Promise<string> {
    this.#pool ??= new WorkerPool({ name: `save ${this.#name}`, workers: 1 });
    const search = { module: import.meta.resolve("./search_export.ts"), exportName: "searchExport" };
    const { name, reason } = await this.#pool.run(search, [target]) as { name?: string; reason?: string };
    if (name === undefined) throw new DeclarationError(reason);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.close();
  }
}
