/** A worker that tells the program's time, while the system's clock differs by `shiftMs` from the one that it has started with. */

import type { ClockZero } from "../../src/ring/clock.ts";

/** What the worker is told. */
export interface ClockJob {
  readonly zero: ClockZero;
  readonly shiftMs: number;
}

/** Sets the system's clock, as this thread sees it. The origin is that of a thread which begins after that. */
export function shiftClock(shiftMs: number, isOriginShifted: boolean): () => void {
  const { now } = Date;
  const { timeOrigin } = performance;
  const setOrigin = (value: number) => Object.defineProperty(performance, "timeOrigin", { value, configurable: true });
  Date.now = () => Math.floor(now() + shiftMs);
  if (isOriginShifted) setOrigin(timeOrigin + shiftMs);
  return () => {
    Date.now = now;
    setOrigin(timeOrigin);
  };
}

const scope = self as unknown as Worker & { readonly name: string };

if (scope.name === "clock") {
  scope.onmessage = async ({ data }: MessageEvent<ClockJob>) => {
    shiftClock(data.shiftMs, true);
    const { adoptClockZero, now, wallTime } = await import("../../src/ring/clock.ts");
    adoptClockZero(data.zero);
    scope.onmessage = () => scope.postMessage([now(), wallTime()]);
    scope.postMessage("ready");
  };
}
