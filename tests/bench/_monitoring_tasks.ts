/** The tasks of the monitoring benchmark: a source that runs until it is told to end, stages, and a sink that checks. */

import type { Reader, TaskEvent, Writer } from "@ringmill/ringmill";

type Frames = Writer<"uint32">;

/** The event is looked at once for so many frames. */
const TURN = 1024;

/** Numbers the frames from 0, up to 2^32 and again. Publishes how many there were. */
export function source({ outlet, end, sent }: { outlet: Frames; end: TaskEvent; sent: Writer<"float64"> }) {
  let n = 0;
  do {
    for (let turn = 0; turn < TURN; turn++) {
      outlet.look(Infinity)![0] = n++;
      outlet.increment();
    }
  } while (!end.isOpen);
  sent.write(Float64Array.of(n), Infinity);
}

/** Passes the frames on. */
export function stage({ inlet, outlet }: { inlet: Reader<"uint32">; outlet: Frames }) {
  for (const frame of inlet) {
    outlet.look(Infinity)!.set(frame);
    outlet.increment();
  }
}

/** Publishes how many frames there were, and how many of them had a wrong number. */
export function sink({ inlet, received }: { inlet: Reader<"uint32">; received: Writer<"float64"> }) {
  let count = 0;
  let wrong = 0;
  for (const [number] of inlet) if (number !== count++ >>> 0) wrong++;
  received.write(Float64Array.of(count, wrong), Infinity);
}
