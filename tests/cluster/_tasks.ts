/** Tasks of pipelines whose streams cross. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

/** What {@link count} writes. */
export interface CountParams {
  /** Frames; `Infinity` for as many as are wanted. */
  readonly total: number;
  /** What tells one run from another. */
  readonly run: number;
  /** Sleeps so long after each. */
  readonly pauseMs?: number;
  /** Fails after so many. */
  readonly failsAfter?: number;
  /** Rests so long before this frame. */
  readonly restAt?: number;
  readonly restMs?: number;
  /** Begins with the frame that others have not had. */
  readonly resumes?: boolean;
}

/** Writes frames that hold the run, and their numbers in all other elements. */
export function count({ frames }: { frames: Writer<"float64"> }, context: TaskContext<CountParams>): void {
  const { params, sleep } = context;
  const { total, run, pauseMs = 0, failsAfter = Infinity, resumes } = params;
  const frame = frames.frame();
  for (let n = resumes ? context.resumeFrom : 0; n < total; n++) {
    if (n === params.restAt) sleep(params.restMs!);
    if (n === failsAfter) throw new RangeError("the lens is dirty");
    frame.fill(n);
    frame[0] = run;
    frames.write(frame);
    if (pauseMs > 0) sleep(pauseMs);
  }
}

/** What {@link note} is told. */
export interface NoteParams {
  /** A file, to which a line with run and number is added for each frame. */
  readonly path: string;
  readonly pauseMs?: number;
  /** Notes the number that the stream gives a frame, in place of the one that the frame holds. */
  readonly byNumber?: boolean;
  /** Notes so many frames at once, and commits them then. */
  readonly buffer?: number;
}

/** Notes each frame before it takes the next. Frames whose elements differ are noted as NaN. */
export function note({ frames }: { frames: Reader<"float64"> }, { params, sleep }: TaskContext<NoteParams>): void {
  using file = Deno.openSync(params.path, { append: true, create: true });
  const text = new TextEncoder();
  let [lines, held] = ["", 0];
  const flush = () => {
    file.writeSync(text.encode(lines));
    if (params.buffer) frames.commit();
    [lines, held] = ["", 0];
  };
  for (const frame of frames) {
    const number = frame[frame.length - 1];
    const isWhole = frame.subarray(1).every((value) => value === number);
    const noted = params.byNumber && isWhole ? frames.frameNumber : number;
    lines += `${frame[0]} ${isWhole ? noted : NaN}\n`;
    if (++held >= (params.buffer ?? 1)) flush();
    if (params.pauseMs) sleep(params.pauseMs);
  }
  flush();
}

/** Takes a few frames, and leaves. */
export function noteFew(
  { frames }: { frames: Reader<"float64"> },
  { params }: TaskContext<NoteParams & { few: number }>,
) {
  for (let n = 0; n < params.few; n++) {
    const frame = frames.read(Infinity);
    if (frame) Deno.writeTextFileSync(params.path, `${frame[0]} ${frame[frame.length - 1]}\n`, { append: true });
  }
}
