/**
 * A control room that waits for any of several: two sensors of different rates, and a clock that asks for reports. It sleeps
 * while nothing comes, takes what comes first, and never polls.
 *
 *     deno run -A examples/control_room.ts
 */

import { Pipeline, type Reader, select, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";

/** A reading each millisecond. */
export function pressure({ pressures }: { pressures: Writer<"float64"> }, { sleep }: TaskContext) {
  for (let n = 0; n < 300; n++) {
    pressures.write(Float64Array.of(1 + Math.sin(n / 50) / 10));
    sleep(1);
  }
}

/** A reading each tenth of a second. */
export function temperature({ temperatures }: { temperatures: Writer<"float64"> }, { sleep }: TaskContext) {
  for (let n = 0; n < 4; n++) {
    temperatures.write(Float64Array.of(20 + n));
    sleep(100);
  }
}

/** Asks for three reports. */
export function clock({ report }: { report: TaskEvent }, { sleep }: TaskContext) {
  for (let n = 0; n < 3; n++) {
    sleep(80);
    report.signal();
  }
}

export function controlRoom(
  { pressures, temperatures, report }: {
    pressures: Reader<"float64">;
    temperatures: Reader<"float64">;
    report: TaskEvent;
  },
) {
  const counts = { pressures: 0, temperatures: 0, report: 0 };
  const isOver = (end: Reader | TaskEvent) => end.closed && !("isOpen" in end && end.isOpen);
  while (![pressures, temperatures, report].every(isOver)) {
    // What is over stays ready, so that loops end: null leaves it out.
    const key = select({
      pressures: isOver(pressures) ? null : pressures,
      temperatures: isOver(temperatures) ? null : temperatures,
      report: isOver(report) ? null : report,
    }, { timeoutMs: 10_000 });
    if (key === null) throw new Error("Nothing has come for ten seconds");
    if (key === "report" ? report.take() : { pressures, temperatures }[key].read()) counts[key]++;
  }
  console.log(`${counts.pressures} pressures, ${counts.temperatures} temperatures, ${counts.report} reports`);
}

if (import.meta.main) {
  await using pipe = new Pipeline("control room", import.meta);
  const pressures = pipe.addStream("pressures", { shape: [1], dtype: "float64" });
  const temperatures = pipe.addStream("temperatures", { shape: [1], dtype: "float64" });
  const report = pipe.addEvent("report");
  pipe.addTask("pressure", { fn: pressure, writes: { pressures } });
  pipe.addTask("temperature", { fn: temperature, writes: { temperatures } });
  pipe.addTask("clock", { fn: clock, events: { report } });
  pipe.addTask("control room", { fn: controlRoom, reads: { pressures, temperatures }, events: { report } });
  await pipe.run();
}
