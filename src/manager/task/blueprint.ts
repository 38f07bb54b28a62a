/** What is declared of a manager, and how it is laid out in the memory. */

import { DeclarationError, UnknownNameError } from "../../errors.ts";
import type { HandleOptions } from "../../ring/end.ts";
import { type Binding, letPass, openBinding } from "../../ring/bindings.ts";
import {
  type BindingDescription,
  type BindingOf,
  eventBytes,
  type EventDescription,
  eventWaiters,
  frameBytes,
  readerPlaces,
  ringBytes,
  type RingDescription,
  ringWaiters,
} from "../../ring/description.ts";
import { initRing } from "../../ring/onlooker.ts";
import { Doorbell, DOORBELL_BYTES } from "../../ring/doorbell.ts";
import { runTableBytes, runTableOf } from "../../ring/run_table.ts";
import { Arena, SharedMemory } from "../../ring/shared_memory.ts";
import { taskRecordBytes } from "../../ring/task_record.ts";
import { type Closable, deferHandle, type DeferredHandle } from "./deferred_handle.ts";
import type { TaskJob, TaskStateSlot } from "./task_protocol.ts";
import { parseFrameType } from "../../ring/columns.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import { checkName, checkOptions, checkRule } from "../../rules.ts";
import {
  EVENT_SPEC_RULES,
  type EventSpec,
  RING_RULES,
  type RingSpec,
  TASK_SPEC_RULES,
  type TaskSpec,
  type TaskStateOptions,
} from "../specs.ts";
import { suggest } from "../../suggest.ts";

interface RingDraft {
  readonly spec: RingSpec;
  readers: number;
  hasWriter: boolean;
  isTerminated?: boolean;
  carried?: CarriedPart;
  isLeftOut?: boolean;
}

/** What of a ring's frames comes from another machine or goes to one. */
export type CarriedPart = "whole" | "newest";

interface EventDraft {
  readonly spec: EventSpec;
  parties: number;
  signalers: number;
}

/** A {@link BindingDescription} while addresses are unknown. */
type BindingDraft =
  | { readonly kind: "reader"; readonly ring: RingDraft; readonly index: number; readonly isLatest?: boolean }
  | { readonly kind: "writer"; readonly ring: RingDraft }
  | { readonly kind: "event"; readonly event: EventDraft; readonly party: number; readonly signals: boolean };

interface TaskDraft {
  readonly spec: TaskSpec;
  readonly bindings: readonly (readonly [string, BindingDraft])[];
  readonly gate?: BindingDraft;
}

/** A handle for the declaring thread. */
interface OpeningDraft {
  readonly binding: BindingDraft;
  // deno-lint-ignore no-explicit-any
  readonly deferred: DeferredHandle<any>;
}

/** What the declaring thread may be. */
export type OpenableEnd = BindingDraft["kind"] | "latest reader";

/** A handle of the declaring thread that was opened. */
export interface ProgramEnd {
  readonly binding: BindingDescription;
  readonly handle: Binding;
}

/** A memory with everything in it. */
export interface Layout {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  /** The handles of this thread. */
  readonly programEnds: readonly ProgramEnd[];
  readonly jobs: readonly TaskJob[];
  /** The waiters words of all rings and events, and the doorbells. */
  readonly waiters: readonly number[];
}

/** Where everything of a blueprint lies. */
interface Placed {
  readonly rings: ReadonlyMap<RingDraft, RingDescription>;
  readonly events: ReadonlyMap<EventDraft, EventDescription>;
  readonly tasks: readonly Omit<TaskJob, "memory">[];
  readonly openings: readonly { readonly binding: BindingDescription; readonly deferred: OpeningDraft["deferred"] }[];
  /** The doorbell of this thread. */
  readonly bell: number;
}

function describeRing({ spec, readers, isTerminated, carried }: RingDraft, arena: Arena): RingDescription {
  const { name, bytes, wait = "adaptive", frame } = spec;
  const refresh = { interval: spec.minReaderPosRefreshInterval ?? 64, ms: spec.minReaderPosRefreshMs ?? 5 };
  const hasOnlooker = frame !== undefined;
  return {
    name,
    address: arena.reserve(ringBytes(bytes, readerPlaces({ readers, hasOnlooker }))),
    capacity: bytes,
    readers,
    hasOnlooker,
    isTerminated,
    wait,
    refresh,
    frame,
    runs: carried ? arena.reserve(runTableBytes(readers)) : undefined,
  };
}

function describeEvent({ spec, parties }: EventDraft, arena: Arena): EventDescription {
  return { name: spec.name, address: arena.reserve(eventBytes(parties)) };
}

function reserveState({ shape, dtype }: TaskStateOptions, arena: Arena): TaskStateSlot {
  const type = parseFrameType("reserve a state", dtype);
  return { address: arena.reserve(frameBytes({ shape, dtype: type })), shape, dtype: type };
}

/** Collects declarations, checks the names, and lays everything out. */
export class Blueprint {
  readonly #owner: string;
  readonly #rings = new Map<string, RingDraft>();
  readonly #events = new Map<string, EventDraft>();
  readonly #tasks = new Map<string, TaskDraft>();
  readonly #openings: OpeningDraft[] = [];

  /** An empty blueprint. `owner` is named in messages. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** A task that was declared. */
  task(name: string): TaskSpec {
    return this.#tasks.get(name)!.spec;
  }

  /** The tasks in the order of declaration. */
  get tasks(): TaskSpec[] {
    return [...this.#tasks.values()].map(({ spec }) => spec);
  }

  addRing(spec: RingSpec): void {
    const { name } = spec;
    checkName("add a ring", name);
    checkOptions(`add ring "${name}"`, spec, RING_RULES);
    checkRule(`add ring "${name}"`, "bytes", RING_RULES.bytes, spec.bytes);
    this.#checkUnique("ring", this.#rings, name);
    this.#rings.set(name, { spec, readers: 0, hasWriter: false });
  }

  addEvent(spec: EventSpec): void {
    checkName("add an event", spec.name);
    checkOptions(`add event "${spec.name}"`, spec, EVENT_SPEC_RULES);
    this.#checkUnique("event", this.#events, spec.name);
    this.#events.set(spec.name, { spec, parties: 0, signalers: 0 });
  }

  /** Says that the writer of a ring goes on without readers. */
  terminate(name: string): void {
    this.#find("ring", this.#rings, name).isTerminated = true;
  }

  /** Says that a ring's frames come from another machine, or go to one. */
  carry(name: string, part: CarriedPart): void {
    this.#find("ring", this.#rings, name).carried = part;
  }

  /** Has a ring that nobody is an end of take no memory. */
  leaveOut(name: string): void {
    this.#find("ring", this.#rings, name).isLeftOut = true;
  }

  addTask(spec: TaskSpec): void {
    checkName("add a task", spec.name);
    checkOptions(`add task "${spec.name}"`, spec, TASK_SPEC_RULES);
    this.#checkUnique("task", this.#tasks, spec.name);
    const bind = (names: Readonly<Record<string, string>> = {}, draft: (name: string, local: string) => BindingDraft) =>
      Object.entries(names).map(([local, name]) => [local, draft(name, local)] as const);
    const bindings = [
      ...bind(spec.reads, (name, local) => this.#bindReader(name, spec.latest?.includes(local))),
      ...bind(spec.writes, (name) => this.#bindWriter(name)),
      ...bind(spec.events, (name) => this.#bindEvent(name, true)),
    ];
    const gate = spec.activation && this.#bindEvent(spec.activation.event, false);
    this.#tasks.set(spec.name, { spec, bindings, gate });
  }

  /** A handle for this thread on one end of a ring, or on an event. It works once the memory is made. */
  open<Handle extends Closable>(end: OpenableEnd, name: string, kind: { readonly prototype: Handle }): Handle {
    const binding = {
      reader: () => this.#bindReader(name),
      "latest reader": () => this.#bindReader(name, true),
      writer: () => this.#bindWriter(name),
      event: () => this.#bindEvent(name, true),
    }[end]();
    const deferred = deferHandle(kind, name);
    this.#openings.push({ binding, deferred });
    return deferred.handle;
  }

  #bindReader(name: string, isLatest = false): BindingDraft {
    const ring = this.#find("ring", this.#rings, name);
    return { kind: "reader", ring, index: ring.readers++, ...isLatest && { isLatest } };
  }

  #bindWriter(name: string): BindingDraft {
    const ring = this.#find("ring", this.#rings, name);
    if (ring.hasWriter) throw new DeclarationError(`Cannot write ring "${name}" twice: it has a writer`);
    ring.hasWriter = true;
    return { kind: "writer", ring };
  }

  #bindEvent(name: string, signals: boolean): BindingDraft {
    const event = this.#find("event", this.#events, name);
    if (signals) event.signalers++;
    return { kind: "event", event, party: event.parties++, signals };
  }

  #checkUnique(kind: string, known: ReadonlyMap<string, unknown>, name: string): void {
    if (known.has(name)) throw new DeclarationError(`Cannot add ${kind} "${name}": the name is taken`);
  }

  #find<Draft>(kind: string, known: ReadonlyMap<string, Draft>, name: string): Draft {
    const found = known.get(name);
    if (!found) {
      throw new UnknownNameError(`Cannot find ${kind} "${name}" in "${this.#owner}"${suggest(name, known.keys())}`);
    }
    return found;
  }

  /** Makes the memory with all rings and events, and opens this thread's handles. */
  layOut(targets: ReadonlyMap<string, ExportTarget>, options: HandleOptions): Layout {
    const arena = new Arena();
    const placed = this.#place(arena, targets);
    const memory = SharedMemory.create(arena, `"${this.#owner}"`);
    this.#initialize(memory, placed);
    const { rings, events, tasks, openings, bell } = placed;
    const opened = { ...options, doorbell: new Doorbell(memory, bell, options) };
    const programEnds = openings.map(({ binding, deferred }) => {
      const handle = openBinding(memory, binding, opened);
      deferred.open(handle);
      return { binding, handle };
    });
    return {
      memory,
      rings: [...rings.values()],
      programEnds,
      jobs: tasks.map((task) => ({ ...task, memory: memory.handle })),
      waiters: [
        ...[...rings.values()].flatMap(ringWaiters),
        ...[...events.values()].map(eventWaiters),
        ...tasks.map(({ doorbell }) => doorbell),
        bell,
      ],
    };
  }

  /** Reserves the memory of everything. */
  #place(arena: Arena, targets: ReadonlyMap<string, ExportTarget>): Placed {
    const used = [...this.#rings.values()].filter(({ isLeftOut }) => !isLeftOut);
    const rings = new Map(used.map((draft) => [draft, describeRing(draft, arena)]));
    const events = new Map([...this.#events.values()].map((draft) => [draft, describeEvent(draft, arena)]));
    const describe = (draft: BindingDraft): BindingDescription => {
      if (draft.kind === "event") {
        const { party, signals } = draft;
        return { kind: "event", event: events.get(draft.event)!, party, left: signals ? arena.reserve(4) : 0 };
      }
      const ring = rings.get(draft.ring)!;
      return { ...draft, ring, scratch: ring.frame ? arena.reserve(ring.frame.stride) : 0 };
    };
    const tasks = [...this.#tasks.values()].map(({ spec, bindings, gate }) => ({
      task: spec.name,
      record: arena.reserve(taskRecordBytes(bindings.length + (gate ? 1 : 0))),
      doorbell: arena.reserve(DOORBELL_BYTES),
      stopWord: arena.reserve(4),
      restarts: spec.restart ? 0 : null,
      state: spec.state && reserveState(spec.state, arena),
      target: targets.get(spec.name)!,
      params: spec.params,
      oversubscribed: this.#tasks.size > navigator.hardwareConcurrency,
      bindings: Object.fromEntries(bindings.map(([local, draft]) => [local, describe(draft)])),
      feeds: spec.feeds?.map((name) => rings.get(this.#find("ring", this.#rings, name))!),
      onTheWay: spec.onTheWay?.map((name) => rings.get(this.#find("ring", this.#rings, name))!),
      activation: gate && { mode: spec.activation!.mode, gate: describe(gate) as BindingOf<"event">, isOwed: false },
    }));
    const bell = arena.reserve(DOORBELL_BYTES);
    const openings = this.#openings.map(({ binding, deferred }) => ({ binding: describe(binding), deferred }));
    return { rings, events, tasks, openings, bell };
  }

  /** Puts rings and events into the state that they begin with. */
  #initialize(memory: SharedMemory, { rings, events, tasks, openings }: Placed): void {
    for (const ring of rings.values()) initRing(memory, ring);
    for (const [{ spec, signalers, parties }, { address }] of events) {
      memory.core.event_init(address, spec.initialState ? 1 : 0, signalers, parties);
    }
    const described = [
      ...tasks.flatMap(({ bindings }) => Object.values(bindings)),
      ...openings.map(({ binding }) => binding),
    ];
    const latest = described.filter((binding) => binding.kind === "reader").filter(({ isLatest }) => isLatest);
    for (const binding of latest) letPass(memory, binding);
    for (const [draft, ring] of rings) {
      const passing = latest.filter((binding) => binding.ring === ring).map(({ index }) => index);
      runTableOf(memory, ring)?.initialize(new Set(passing), draft.carried === "whole");
    }
  }
}
