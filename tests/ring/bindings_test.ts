import { deepEqual, equal, ok } from "node:assert/strict";
import { openBinding, releaseBinding } from "../../src/ring/bindings.ts";
import { Reader } from "../../src/ring/reader.ts";
import { RingReader, RingWriter } from "../../src/ring/ring.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import { Writer } from "../../src/ring/writer.ts";
import { makeEvent, makeRing, makeStream } from "./_helpers.ts";

Deno.test("openBinding() opens frames for streams, bytes for other rings, and events", () => {
  const stream = makeStream({ dtype: "int8" });
  const ring = makeRing(8);
  const event = makeEvent();
  ok(openBinding(stream.memory, stream.writerBinding) instanceof Writer);
  ok(openBinding(stream.memory, stream.readerBindings[0]) instanceof Reader);
  ok(openBinding(ring.memory, ring.writerBinding) instanceof RingWriter);
  ok(openBinding(ring.memory, ring.readerBindings[0]) instanceof RingReader);
  ok(openBinding(event.memory, event.binding()) instanceof TaskEvent);
});

Deno.test("openBinding() opens from a description that was posted", () => {
  const stream = makeStream({ dtype: "int16", shape: [3] });
  const writer = openBinding(stream.memory, structuredClone(stream.writerBinding)) as Writer<"int16">;
  const reader = openBinding(stream.memory, structuredClone(stream.readerBindings[0])) as Reader<"int16">;
  writer.write(Int16Array.of(1, 2, 3));
  deepEqual(reader.read(), Int16Array.of(1, 2, 3));
});

Deno.test("releaseBinding() of a writer ends the stream", () => {
  const stream = makeStream({ dtype: "int8" });
  const reader = stream.reader();
  stream.writer().write(new Int8Array(4));
  releaseBinding(stream.memory, stream.writerBinding);
  equal(reader.closed, false);
  reader.read();
  equal(reader.closed, true);
});

Deno.test("releaseBinding() of a reader frees the writer", () => {
  const ring = makeRing(4);
  const writer = ring.bytesWriter();
  writer.write(new Uint8Array(4));
  equal(writer.look(1), null);
  releaseBinding(ring.memory, ring.readerBindings[0]);
  equal(writer.write(new Uint8Array(4)), true);
  equal(writer.pressure, 0);
});

Deno.test("releaseBinding() of an event counts a signaler less, unless it only waited", () => {
  const fixture = makeEvent({ signalers: 1 });
  const waiter = fixture.open(false);
  releaseBinding(fixture.memory, fixture.binding(false));
  equal(waiter.closed, false);
  releaseBinding(fixture.memory, fixture.binding(true));
  equal(waiter.closed, true);
});

Deno.test("releaseBinding() after the handle was closed changes nothing", () => {
  const stream = makeStream({ dtype: "int8", readers: 2 });
  const writer = stream.writer();
  const [one, other] = [stream.reader(0), stream.reader(1)];
  writer.write(new Int8Array(4));
  one.close();
  writer.close();
  releaseBinding(stream.memory, stream.readerBindings[0]);
  releaseBinding(stream.memory, stream.writerBinding);
  deepEqual(other.read(), new Int8Array(4));
  equal(other.closed, true);
});
