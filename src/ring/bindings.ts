/** Opens what a binding describes. */

import type { HandleOptions } from "./end.ts";
import { layout } from "./core.generated.ts";
import { type BindingDescription, type BindingOf, readerAddress } from "./description.ts";
import { Reader } from "./reader.ts";
import { RingReader, RingWriter } from "./ring.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { leaveEvent, TaskEvent } from "./task_event.ts";
import { Writer } from "./writer.ts";

/** Anything that a task can be bound to. */
export type Binding = Reader | Writer | RingReader | RingWriter | TaskEvent;

/** Opens a handle. It belongs to the thread that opens it. */
export function openBinding(memory: SharedMemory, binding: BindingDescription, options: HandleOptions = {}): Binding {
  if (binding.kind === "event") return new TaskEvent(memory, binding, options);
  const { ring } = binding;
  if (binding.kind === "reader") {
    return ring.frame ? new Reader(memory, binding, options) : RingReader.open(memory, ring, binding, options);
  }
  return ring.frame ? new Writer(memory, binding, options) : RingWriter.open(memory, ring, options);
}

/** Has the writer of a reader's ring never wait for it. */
export function letPass({ core }: SharedMemory, { ring, index }: BindingOf<"reader">): void {
  core.reader_release(ring.address, readerAddress(ring, index), layout.READER_PASSING);
}

/** Leaves a binding on behalf of a thread that has ended: streams end, nobody waits for it, its events may close. */
export function releaseBinding(memory: SharedMemory, binding: BindingDescription): void {
  const { core } = memory;
  if (binding.kind === "event") {
    leaveEvent(memory, binding);
  } else if (binding.kind === "writer") {
    core.writer_close(binding.ring.address);
  } else {
    const { ring, index } = binding;
    core.reader_release(ring.address, readerAddress(ring, index), layout.READER_DETACHED);
  }
}
