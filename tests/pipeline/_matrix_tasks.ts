/** A stage that crashes once, in a given way at a given point of its loop. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

/** Where in its loop. */
export const POINTS = ["begins", "holds", "has written", "has consumed", "has seen the end"] as const;
/** How. */
export const WAYS = ["throw", "reject", "close", "exit", "throw later", "reject later"] as const;

/** What a stage is told. */
export interface CrashPlan {
  readonly point: typeof POINTS[number];
  readonly way: typeof WAYS[number];
}

/** The frame at which it crashes. */
export const CRASHES_AT = 3;

const never = () => new Promise<never>(() => setInterval(() => {}, 1000));

const DEEDS: Readonly<Record<CrashPlan["way"], () => unknown>> = {
  "throw": () => {
    throw new Error("crash");
  },
  reject: () => Promise.reject(new Error("crash")),
  close: () => self.close(),
  exit: () => Deno.exit(3),
  "throw later": () =>
    setTimeout(() => {
      throw new Error("crash");
    }),
  "reject later": () => void Promise.reject(new Error("crash")),
};

export function numbers({ samples }: { samples: Writer<"float64"> }, { params }: TaskContext<{ frames: number }>) {
  for (let n = 0; n < params.frames; n++) samples.write(Float64Array.of(n));
}

/** Passes frames on. The state tells whether it has crashed. */
export async function stage(
  { samples, passed }: { samples: Reader<"float64">; passed: Writer<"float64"> },
  { params: { point, way }, state }: TaskContext<CrashPlan, Float64Array>,
) {
  const at = async (here: CrashPlan["point"], n: number) => {
    if (here !== point || state[0] === 1 || here !== "has seen the end" && n !== CRASHES_AT) return;
    state[0] = 1;
    await DEEDS[way]();
    await never();
  };
  for (let n = 0;; n++) {
    // How many were read before a crash does not matter here: it is before the first one only.
    await at("begins", n);
    const frame = samples.look(Infinity);
    if (!frame) return await at("has seen the end", n);
    const number = frame[0];
    await at("holds", number);
    passed.write(Float64Array.of(number));
    await at("has written", number);
    samples.increment();
    await at("has consumed", number);
  }
}
