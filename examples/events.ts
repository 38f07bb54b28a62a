/**
 * Events that start tasks. A switchable task runs again and again while its event is open, like a motor with a switch. A
 * toggleable task runs once for each signal, like a press with a button. The operator has a hand on both.
 *
 * When the operator returns, nobody is left who could signal, and the pipeline ends by itself.
 *
 *     deno run -A examples/events.ts
 */

import { Pipeline, type Reader, type TaskEvent, type Writer } from "@ringmill/ringmill";

// Each worker has a copy of this module, so this is the motor's own. It lasts from one turn to the next.
let turnsMade = 0;

/** Turns once. The event that it runs on is not passed to it. */
export function motor({ turns }: { turns: Writer<"uint32"> }) {
  turns.write(Uint32Array.of(++turnsMade));
}

/** Stamps once. */
export function press({ stamps }: { stamps: Writer<"uint8"> }) {
  stamps.write(Uint8Array.of(1));
}

export function operator(
  { power, button, turns, stamps }: {
    power: TaskEvent;
    button: TaskEvent;
    turns: Reader<"uint32">;
    stamps: Reader<"uint8">;
  },
) {
  power.signal();
  for (const [turn] of turns) {
    console.log(`turn ${turn}`);
    if (turn === 3) break;
  }
  power.reset();
  console.log("power off");

  button.signal();
  button.signal();
  for (let count = 1; count <= 2; count++) {
    stamps.read(Infinity);
    console.log(`stamp ${count}`);
  }
}

if (import.meta.main) {
  await using pipe = new Pipeline("events", import.meta);
  const power = pipe.addEvent("power");
  const button = pipe.addEvent("button");
  const turns = pipe.addStream("turns", { shape: [1], dtype: "uint32" });
  const stamps = pipe.addStream("stamps", { shape: [1], dtype: "uint8" });
  pipe.addTask.switchable("motor", { fn: motor, activateOn: "power", events: { power }, writes: { turns } });
  pipe.addTask.toggleable("press", { fn: press, activateOn: "button", events: { button }, writes: { stamps } });
  pipe.addTask("operator", { fn: operator, events: { power, button }, reads: { turns, stamps } });
  await pipe.run();
  console.log("the end");
}
