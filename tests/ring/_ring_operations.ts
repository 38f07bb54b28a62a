/** What can be done to a ring and to its model, be it of bytes or of frames. */

import { equal, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { type Operation, operation } from "./_property.ts";
import type { ReaderModel, RingModel } from "./_ring_model.ts";

/** What the writers of bytes and of frames have in common. */
interface WritingEnd {
  readonly pressure: number;
  increment(count?: number): void;
  close(): void;
}

/** What the readers of bytes and of frames have in common. */
interface ReadingEnd {
  readonly lost: number;
  readonly closed: boolean;
  readonly pressure: number;
  increment(count?: number): boolean;
  setBlocking(blocking: boolean): void;
  isBlocking(): boolean;
  close(): void;
}

/** The handles of a ring. */
export interface Ends<Writer extends WritingEnd, Reader extends ReadingEnd> {
  readonly writer: Writer;
  readonly readers: readonly Reader[];
}

/** Why so many items cannot be published or consumed of those that are held, if so. */
function refusalOf(count: number | undefined, held: number): { name: string; message: RegExp } | null {
  if (held === 0) return { name: "Error", message: /look\(\) has found no frame before$/ };
  if (count !== undefined && count > held) return { name: "RangeError", message: /frames must be a whole number from/ };
  return null;
}

/** Makes the operations on one kind of rings. In `run`, the handle comes first: a closed one must leave the model alone. */
export class RingOperations<Item, Writer extends WritingEnd, Reader extends ReadingEnd> {
  /** Something that a closed writer refuses. */
  writing<Args>(
    name: string,
    args: fc.Arbitrary<Args>,
    run: (model: RingModel<Item>, writer: Writer, args: Args) => Promise<void> | void,
  ): Operation<RingModel<Item>, Ends<Writer, Reader>> {
    return operation(`Writer.${name}`, args, async (model, { writer }, args) => {
      if (!model.isClosed) return await run(model, writer, args);
      await rejects(async () => await run(model, writer, args), /^Error: Cannot write .*: its writer is closed$/);
    });
  }

  /** Something that a closed reader refuses. */
  reading<Args>(
    name: string,
    args: fc.Arbitrary<Args>,
    run: (model: ReaderModel<Item>, reader: Reader, args: Args) => Promise<void> | void,
  ): Operation<RingModel<Item>, Ends<Writer, Reader>> {
    return this.#anyReader(name, args, async (model, reader, args) => {
      if (model.state !== "closed") return await run(model, reader, args);
      await rejects(async () => await run(model, reader, args), /^Error: Cannot read .*: this reader is closed$/);
    });
  }

  #anyReader<Args>(
    name: string,
    args: fc.Arbitrary<Args>,
    run: (model: ReaderModel<Item>, reader: Reader, args: Args) => Promise<void> | void,
  ): Operation<RingModel<Item>, Ends<Writer, Reader>> {
    return operation(`Reader.${name}`, fc.tuple(fc.nat(2), args), async ({ readers }, real, [index, args]) => {
      const which = index % Math.max(1, readers.length);
      if (readers[which]) await run(readers[which], real.readers[which], args);
    });
  }

  /** What all kinds of rings can do. `count` is how much of what was looked at is published or consumed, if not all. */
  common(count: fc.Arbitrary<number | undefined>): Operation<RingModel<Item>, Ends<Writer, Reader>>[] {
    const isUnlucky = fc.nat(7).map((dice) => dice === 0);
    return [
      operation("Writer.increment", count, (model, { writer }, count) => {
        const refusal = refusalOf(count, model.held.length);
        if (refusal) return throws(() => writer.increment(count), refusal);
        writer.increment(count);
        model.increment(count);
      }),
      this.#anyReader("increment", count, (model, reader, count) => {
        const refusal = refusalOf(count, model.held);
        if (refusal) throws(() => reader.increment(count), refusal);
        else equal(reader.increment(count), model.increment(count));
      }),
      this.#anyReader("setBlocking", fc.boolean(), (model, reader, isBlocking) => {
        if (model.state === "closed" && isBlocking) return throws(() => reader.setBlocking(true), /is closed$/);
        reader.setBlocking(isBlocking);
        model.setBlocking(isBlocking);
      }),
      this.#anyReader("close", isUnlucky, (model, reader, isUnlucky) => {
        if (!isUnlucky) return;
        reader.close();
        model.close();
      }),
      operation("Writer.close", isUnlucky, (model, { writer }, isUnlucky) => {
        if (!isUnlucky) return;
        writer.close();
        model.close();
      }),
    ];
  }
}

/** Compares what can be asked of a ring and its model without changing them. */
export function compareRings(
  model: RingModel<unknown>,
  { writer, readers }: Ends<WritingEnd, ReadingEnd>,
): void {
  equal(writer.pressure, model.unread / model.capacity);
  for (const [index, reader] of readers.entries()) {
    const { lost, isEnded, state } = model.readers[index];
    equal(reader.pressure, model.unread / model.capacity);
    equal(reader.lost, lost);
    equal(reader.closed, isEnded);
    equal(reader.isBlocking(), state === "blocking");
  }
}
