/** `ringmill draw` */

import { extname } from "node:path";
import type { LinearPipeline } from "../../linear/pipeline.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { describeGraph, type DrawableGraph } from "../../view/describe/describe_graph.ts";
import { describeLinearPipeline } from "../../view/describe/describe_linear_pipeline.ts";
import { describePipeline } from "../../view/describe/describe_pipeline.ts";
import type { ViewDescription } from "../../view/description.ts";
import { drawMermaid } from "../../view/draw/draw_mermaid.ts";
import { drawSvg } from "../../view/draw/draw_svg.ts";
import { drawText } from "../../view/draw/draw_text.ts";
import type { Direction } from "../../view/draw/geometry.ts";
import { writeWhole } from "../../files.ts";
import { STATUS, TargetError, UsageError } from "../program/exit_status.ts";
import { STDOUT } from "../../terminal.ts";
import { isLinearPipeline } from "./linear_run.ts";
import { isPipeline, type Kind, load, type LoadOptions, urlOf } from "../program/load_pipeline.ts";

/** Options of the command. */
export interface DrawOptions extends LoadOptions {
  /** The kind of drawing. */
  readonly format?: DrawingFormat;
  /** The file to write. */
  readonly out?: string;
  /** Which way the layers follow each other. */
  readonly direction?: Direction;
}

type Draw = (description: ViewDescription, direction: Direction | undefined, width: number) => Promise<string> | string;

const DRAW = {
  text: async (description, direction, width) => `${await drawText(description, { direction, width })}\n`,
  mermaid: (description, direction) => drawMermaid(description, { direction }),
  svg: (description, direction) => drawSvg(description, { direction }),
} satisfies Record<string, Draw>;

/** A kind of drawing. */
export type DrawingFormat = keyof typeof DRAW;

/** All kinds of drawings. */
export const FORMATS = Object.keys(DRAW) as DrawingFormat[];

const BY_EXTENSION: Readonly<Record<string, DrawingFormat>> = {
  "": "text",
  ".txt": "text",
  ".svg": "svg",
  ".mmd": "mermaid",
  ".mermaid": "mermaid",
};

/** What can be drawn. */
const DRAWABLE: Kind<Pipeline | DrawableGraph | LinearPipeline> = {
  name: "pipeline or graph",
  includes: (value) => isPipeline(value) || isGraph(value) || isLinearPipeline(value),
};

function isGraph(value: unknown): value is DrawableGraph {
  return typeof value === "object" && value !== null && "startNodes" in value && "edges" in value;
}

function describe(drawable: Pipeline | DrawableGraph | LinearPipeline): ViewDescription {
  if (isPipeline(drawable)) return describePipeline(drawable);
  return isGraph(drawable) ? describeGraph(drawable) : describeLinearPipeline(drawable);
}

/** Draws a pipeline of any kind, or a graph, without compiling it. */
export async function draw(target: string, options: DrawOptions): Promise<number> {
  const { out, direction } = options;
  const format = options.format ?? formatOf(out);
  if (out !== undefined) await expectOther(out, target);
  const drawable = await load(target, options, DRAWABLE);
  const width = out === undefined ? STDOUT.size()?.columns ?? Infinity : Infinity;
  const drawing = await DRAW[format](describe(drawable), direction, width);
  if (out === undefined) STDOUT.print(drawing.trimEnd());
  else await write(out, drawing);
  return STATUS.ended;
}

/** What a file's ending says. */
function formatOf(file = ".txt"): DrawingFormat {
  const extension = extname(file).toLowerCase();
  if (Object.hasOwn(BY_EXTENSION, extension)) return BY_EXTENSION[extension];
  const known = Object.keys(BY_EXTENSION).filter((known) => known !== "").join(", ");
  throw new UsageError(`Cannot write ${file}: expected one of ${known}, or --format`);
}

/** The drawing must not take the place of what is drawn, by whatever name. */
async function expectOther(file: string, target: string): Promise<void> {
  const url = urlOf(target);
  const at = await Deno.stat(file).catch(() => null);
  if (url.protocol !== "file:" || !at) return;
  const source = await Deno.stat(url).catch(() => null);
  const path = await Deno.realPath(file);
  const isSame = path === await Deno.realPath(url).catch(() => null) ||
    source?.ino != null && source.ino === at.ino && source.dev === at.dev;
  if (isSame) throw new UsageError(`Cannot write ${file}: it is what is to be drawn`);
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeWhole(file, text);
  } catch (error) {
    throw new TargetError(`Cannot write ${file}: ${(error as Error).message}`);
  }
}
