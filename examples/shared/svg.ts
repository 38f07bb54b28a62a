/** Charts as SVG files. */

import { dirname } from "node:path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { UserError } from "./program.ts";

/**
 * Draws a Vega-Lite chart into a file, and makes the folder for it.
 *
 * @throws {UserError} If the file cannot be written.
 */
export async function writeSvg(path: string, chart: TopLevelSpec): Promise<void> {
  const view = new View(parse(compile(chart).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, svg);
  } catch (error) {
    throw new UserError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}
