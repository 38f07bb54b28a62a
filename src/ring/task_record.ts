/** What a task tells of itself through the shared memory, so that others know it while its thread is busy or blocked. */

import { now } from "./clock.ts";
import { layout } from "./core.generated.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { WaitObserver } from "./waiting.ts";

// Bytes from the start of the record. Its own thread writes all but ASKED_AT, by no particular order.

/** u32: the operating system's number of the thread, 0 where that is unknown. */
const THREAD = 0;
/** u32: 1 while the thread is blocked, so that it uses no CPU time. */
const BLOCKED = 4;
/** u32: 1 once the account is the last one. */
const FINAL = 8;
/** f64: milliseconds of CPU time that the thread has used, by its own account; when that was; 0 if it gave none. */
const [CPU, CPU_AT] = [16, 24];
/** f64: the same when the task's function was called. */
const [FIRST_CPU, FIRST_CPU_AT] = [32, 40];
/** f64: bytes of its heap that are in use, by its own account; 0 if it gave none. */
const HEAP = 48;
/** f64: since when somebody monitors the task; 0 if nobody does. */
const ASKED_AT = 56;
/** u32: 1 if the task tells how late it is; f64: so many milliseconds. */
const [TELLS_LATENESS, LATENESS] = [12, 64];
/** f64: milliseconds of CPU time that its threads before this one have used, by their own accounts. */
const EARLIER_CPU = 72;
/** The accounts of its waits. */
const WAITS = 80;

// An account of waits, from its start.

/** f64: milliseconds that are over. */
const TOTAL = 0;
/** f64: since when it waits; 0 if it does not, `Infinity` if that is unknown, since nobody monitored it. */
const SINCE = 8;
const WAIT_BYTES = 16;

/** The accounts that come before those of the bindings. */
const [SLEEP, DATA, ROOM, BINDINGS] = [0, 1, 2, 3];

/** CPU time is asked of the system at most this often: it takes as long as a hundred looks at the clock. */
const CPU_REFRESH_MS = 20;

/** A thread that waits for promises, and may work meanwhile, gives account so often. */
const PULSE_MS = 100;

/** Bytes of the record of a task with so many bindings. */
export function taskRecordBytes(bindings: number): number {
  return WAITS + (BINDINGS + bindings) * WAIT_BYTES;
}

/** An account of waits at one moment. */
export interface WaitAccount {
  /** Milliseconds so far, since it is monitored. */
  readonly totalMs: number;
  /** Milliseconds of the wait under way, since it is monitored; `null` if none is. Of several at once, of the first. */
  readonly currentMs: number | null;
}

/** CPU time at one moment. */
export interface CpuReading {
  readonly ms: number;
  /** When that was, by the program's clock. */
  readonly at: number;
}

/** A task's record, as others read it. */
export interface TaskAccount {
  /** The operating system's number of its thread, 0 where that is unknown. */
  readonly thread: number;
  /** CPU time of its thread, by its own account; `null` if it gave none. */
  readonly cpu: CpuReading | null;
  /** The same when its function was called. */
  readonly firstCpu: CpuReading | null;
  /** Milliseconds of CPU time that its threads before this one have used, by their own accounts. */
  readonly earlierCpuMs: number;
  /** Whether no later account will come. */
  readonly isFinal: boolean;
  /** Bytes of its heap in use as of its last account; `null` if it gave none. */
  readonly heapBytes: number | null;
  /** Milliseconds that it is late by the clock; `null` if it does nothing by the clock. */
  readonly latenessMs: number | null;
  readonly sleep: WaitAccount;
  /** Waits for data, of whichever binding: several at once count once. */
  readonly data: WaitAccount;
  /** Waits for room, in the same way. */
  readonly room: WaitAccount;
  /** By the indexes of the bindings. */
  readonly bindings: readonly WaitAccount[];
}

/** What only a task's own thread can find out. */
export interface OwnFigures {
  cpuMs(): number;
  heapBytes(): number;
}

/** Asks all tasks to give account of themselves when they next wait. */
export function askTasks({ words, doubles }: SharedMemory, records: Iterable<number>): void {
  for (const address of records) doubles[(address + ASKED_AT) / 8] ||= now();
  Atomics.add(words, layout.ASKED / 4, 1);
}

function readWait(doubles: Float64Array, address: number, askedAt: number, time: number): WaitAccount {
  // In this order: a wait that ends meanwhile is missing in part until the next look, and never counts twice.
  const total = doubles[(address + TOTAL) / 8];
  const since = doubles[(address + SINCE) / 8];
  if (since === 0) return { totalMs: total, currentMs: null };
  const currentMs = Math.max(0, time - (since === Infinity ? askedAt : since));
  return { totalMs: total + currentMs, currentMs };
}

/** Reads the record of a task with so many bindings. */
export function readAccount({ words, doubles }: SharedMemory, address: number, bindings: number): TaskAccount {
  const time = now();
  const double = (offset: number) => doubles[(address + offset) / 8];
  const isBlocked = words[(address + BLOCKED) / 4] === 1;
  const isFinal = words[(address + FINAL) / 4] === 1;
  const reading = (ms: number, at: number) => at === 0 ? null : { ms, at };
  const wait = (index: number) => readWait(doubles, address + WAITS + index * WAIT_BYTES, double(ASKED_AT), time);
  const cpu = reading(double(CPU), double(CPU_AT));
  return {
    thread: words[(address + THREAD) / 4],
    cpu: cpu && (isBlocked || isFinal) ? { ms: cpu.ms, at: time } : cpu,
    firstCpu: reading(double(FIRST_CPU), double(FIRST_CPU_AT)),
    earlierCpuMs: double(EARLIER_CPU),
    isFinal,
    heapBytes: double(HEAP) || null,
    latenessMs: words[(address + TELLS_LATENESS) / 4] === 1 ? double(LATENESS) : null,
    sleep: wait(SLEEP),
    data: wait(DATA),
    room: wait(ROOM),
    bindings: Array.from({ length: bindings }, (_, index) => wait(BINDINGS + index)),
  };
}

/** Whether a task waits for the binding of an index. */
export function waitsForBinding({ doubles }: SharedMemory, address: number, index: number): boolean {
  return doubles[(address + WAITS + (BINDINGS + index) * WAIT_BYTES + SINCE) / 8] !== 0;
}

/** Has the record of a task whose worker has ended tell of no wait, and of no thread, until the next one begins. */
export function resetRecord({ words, doubles }: SharedMemory, address: number, bindings: number): void {
  doubles[(address + EARLIER_CPU) / 8] += doubles[(address + CPU) / 8];
  for (const offset of [THREAD, BLOCKED, FINAL, TELLS_LATENESS]) words[(address + offset) / 4] = 0;
  for (const offset of [CPU, CPU_AT, FIRST_CPU, FIRST_CPU_AT, HEAP]) doubles[(address + offset) / 8] = 0;
  for (let index = 0; index < BINDINGS + bindings; index++) {
    doubles[(address + WAITS + index * WAIT_BYTES + SINCE) / 8] = 0;
  }
}

/** Adds up the time in which at least one wait is under way. */
class WaitClock {
  readonly #doubles: Float64Array<SharedArrayBuffer>;
  readonly #total: number;
  readonly #since: number;
  #pending = 0;

  constructor(doubles: Float64Array<SharedArrayBuffer>, address: number) {
    this.#doubles = doubles;
    this.#total = (address + TOTAL) / 8;
    this.#since = (address + SINCE) / 8;
  }

  begin(time: number): void {
    if (this.#pending++ === 0) this.#doubles[this.#since] = time;
  }

  /** `time` is `Infinity` if nobody monitors the task; `askedAt` is since when somebody does. */
  end(time: number, askedAt: number): void {
    if (--this.#pending > 0) return;
    const doubles = this.#doubles;
    const since = doubles[this.#since];
    doubles[this.#since] = 0;
    if (time !== Infinity) doubles[this.#total] += time - (since === Infinity ? askedAt : since);
  }
}

/** A task's record, as its own thread writes it. Plain stores: who reads them takes them for samples. */
export class TaskRecord {
  readonly #memory: SharedMemory;
  readonly #address: number;
  readonly #own: OwnFigures;
  readonly #data: WaitClock;
  readonly #room: WaitClock;
  /** The last request that was answered. */
  #answered = 0;
  /** When CPU time was asked of the system last. */
  #refreshedAt = -Infinity;
  /** Gives account while the thread waits for promises only. */
  #pulse: ReturnType<typeof setInterval> | undefined;

  /** The record at an address, of this thread. `own` is asked when somebody monitors the task. */
  constructor(memory: SharedMemory, address: number, thread: number, own: OwnFigures) {
    this.#memory = memory;
    this.#address = address;
    this.#own = own;
    this.#data = this.#clock(DATA);
    this.#room = this.#clock(ROOM);
    Atomics.store(memory.words, (address + THREAD) / 4, thread);
  }

  #clock(index: number): WaitClock {
    return new WaitClock(this.#memory.doubles, this.#address + WAITS + index * WAIT_BYTES);
  }

  /** Notes when the thread waits for the binding of an index: a reader's data, a writer's room, or an event. */
  observer(index: number, kind: "reader" | "writer" | "event"): WaitObserver {
    const own = this.#clock(BINDINGS + index);
    if (kind === "event") return this.#observer(own);
    return this.#observer(own, kind === "reader" ? this.#data : this.#room);
  }

  /** Notes when the thread sleeps. */
  get sleep(): WaitObserver {
    return this.#observer(this.#clock(SLEEP));
  }

  #observer(own: WaitClock, ofKind?: WaitClock): WaitObserver {
    const { words, doubles } = this.#memory;
    const blocked = (this.#address + BLOCKED) / 4;
    const askedAt = (this.#address + ASKED_AT) / 8;
    return {
      begins: (isBlocked) => {
        const time = this.#isMonitored ? now() : Infinity;
        own.begin(time);
        ofKind?.begin(time);
        if (time !== Infinity) this.#answer(time, isBlocked);
        if (isBlocked) words[blocked] = 1;
      },
      lasts: () => {
        if (this.#isMonitored) this.#answer(now(), true);
      },
      ends: () => {
        const time = this.#isMonitored ? now() : Infinity;
        words[blocked] = 0;
        own.end(time, doubles[askedAt]);
        ofKind?.end(time, doubles[askedAt]);
      },
    };
  }

  get #isMonitored(): boolean {
    return this.#memory.words[layout.ASKED / 4] !== 0;
  }

  /** The thread is about to wait: what it says of itself now is true until it goes on. */
  #answer(time: number, isBlocked: boolean): void {
    if (this.#memory.words[layout.ASKED / 4] !== this.#answered) this.giveAccount();
    else if (time - this.#refreshedAt > CPU_REFRESH_MS) this.#giveCpu(CPU, CPU_AT);
    if (isBlocked || this.#pulse !== undefined) return;
    this.#pulse = setInterval(() => this.#answer(now(), true), PULSE_MS);
    Deno.unrefTimer(this.#pulse);
  }

  #giveCpu(cpu: number, at: number): void {
    const { doubles } = this.#memory;
    this.#refreshedAt = now();
    doubles[(this.#address + cpu) / 8] = this.#own.cpuMs();
    doubles[(this.#address + at) / 8] = this.#refreshedAt;
  }

  /** Writes what only this thread can find out. */
  giveAccount(): void {
    const { words, doubles } = this.#memory;
    this.#answered = words[layout.ASKED / 4];
    this.#giveCpu(CPU, CPU_AT);
    doubles[(this.#address + HEAP) / 8] = this.#own.heapBytes();
  }

  /** The task is so late with what it does by the clock. */
  tellLateness(ms: number): void {
    const { words, doubles } = this.#memory;
    doubles[(this.#address + LATENESS) / 8] = ms;
    words[(this.#address + TELLS_LATENESS) / 4] = 1;
  }

  /** The task's function is about to be called. */
  begin(): void {
    if (!this.#isMonitored) return;
    this.giveAccount();
    this.#giveCpu(FIRST_CPU, FIRST_CPU_AT);
  }

  /** The task's function has returned, or failed. */
  end(): void {
    clearInterval(this.#pulse);
    if (!this.#isMonitored) return;
    this.giveAccount();
    this.#memory.words[(this.#address + FINAL) / 4] = 1;
  }
}
