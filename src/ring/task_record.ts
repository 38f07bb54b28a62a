/** What a task tells of itself through the shared memory, so that others know it while its thread is busy or blocked. */

import { layout } from "./core.generated.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { WaitObserver } from "./waiting.ts";

/** Bytes of a task's record. */
export const TASK_BYTES: number = layout.TASK_BYTES;

/** What a task does: goes on with its work, sleeps, or waits for the binding of an index. */
export type TaskActivity = "goes on" | "sleeps" | number;

/** A task's record, as others read it. What it says of the thread is as old as the task's last wait. */
export interface TaskAccount {
  readonly activity: TaskActivity;
  /** The operating system's number of its thread, 0 where that is unknown. */
  readonly thread: number;
  /** CPU time of its thread in milliseconds. */
  readonly cpuMs: number;
  /** Bytes of its heap in use. */
  readonly heapBytes: number;
}

/** Asks all tasks to give account of themselves when they next wait. */
export function askTasks({ words }: SharedMemory): void {
  Atomics.add(words, layout.ASKED / 4, 1);
}

/** Reads only what a task does at the moment. */
export function readActivity({ words }: SharedMemory, address: number): TaskActivity {
  const waits = Atomics.load(words, (address + layout.TASK_WAITS) / 4) >>> 0;
  if (waits === 0) return "goes on";
  return waits === layout.TASK_SLEEPS ? "sleeps" : waits - 1;
}

/** Reads the record at an address. */
export function readAccount(memory: SharedMemory, address: number): TaskAccount {
  return {
    activity: readActivity(memory, address),
    thread: Atomics.load(memory.words, (address + layout.TASK_THREAD) / 4),
    cpuMs: memory.doubles[(address + layout.TASK_CPU) / 8],
    heapBytes: memory.doubles[(address + layout.TASK_HEAP) / 8],
  };
}

/** A task's record, as its own thread writes it. */
export class TaskRecord {
  readonly #memory: SharedMemory;
  readonly #address: number;
  readonly #account: () => Pick<TaskAccount, "cpuMs" | "heapBytes">;
  #asked = 0;

  /** The record at an address, of this thread. `account` is called when somebody monitors the task. */
  constructor(
    memory: SharedMemory,
    address: number,
    thread: number,
    account: () => Pick<TaskAccount, "cpuMs" | "heapBytes">,
  ) {
    this.#memory = memory;
    this.#address = address;
    this.#account = account;
    Atomics.store(memory.words, (address + layout.TASK_THREAD) / 4, thread);
  }

  /** Notes when the thread waits for the binding of an index. */
  observer(index: number): WaitObserver {
    return this.#observer(1 + index);
  }

  /** Notes when the thread sleeps. */
  get sleep(): WaitObserver {
    return this.#observer(layout.TASK_SLEEPS);
  }

  #observer(waits: number): WaitObserver {
    const { words } = this.#memory, at = (this.#address + layout.TASK_WAITS) / 4;
    // Plain stores: this is beside the hot path, and who reads them takes them for samples.
    return {
      waits: () => {
        words[at] = waits;
        if (words[layout.ASKED / 4] !== this.#asked) this.giveAccount();
      },
      goesOn: () => {
        words[at] = 0;
      },
    };
  }

  /** Writes what only this thread can find out, if somebody has ever asked. */
  giveAccount(): void {
    const { words, doubles } = this.#memory;
    this.#asked = words[layout.ASKED / 4];
    if (this.#asked === 0) return;
    const { cpuMs, heapBytes } = this.#account();
    doubles[(this.#address + layout.TASK_CPU) / 8] = cpuMs;
    doubles[(this.#address + layout.TASK_HEAP) / 8] = heapBytes;
  }
}
