/** What `console.log()` shows of pipelines and handles. */

import { equal, match } from "node:assert/strict";
import { inspect } from "node:util";
import { Pipeline, Reader, TaskEvent, Writer } from "@ringmill/ringmill";

Deno.test("A pipeline and its handles are shown in one line, in every state", async () => {
  const pipe = new Pipeline("shown");
  const samples = pipe.addStream("samples", { shape: [2, 3], dtype: "float32", frames: 4 });
  const writer = pipe.openWriter(samples);
  const reader = pipe.openReader(samples);
  const event = pipe.openEvent(pipe.addEvent("go"));
  const lines = () => [pipe, writer, reader, event].map((shown) => Deno.inspect(shown));
  // Before they are made, handles cannot be asked.
  equal(
    lines().join("\n"),
    'Pipeline "shown": declared, no tasks, 1 stream, 1 event\nWriter "samples"\nReader "samples"\nTaskEvent "go"',
  );
  equal(inspect(pipe), Deno.inspect(pipe));
  await pipe.start();
  writer.write(new Float32Array(6));
  event.signal();
  const [first, ...others] = lines();
  match(first, /^Pipeline "shown": started, /);
  equal(
    others.join("\n"),
    [
      'Writer "samples": float32[2×3], 25 % full, 0 refused',
      'Reader "samples": float32[2×3], 1 unread, 0 lost',
      'TaskEvent "go": open, 1 pending, closed',
    ].join("\n"),
  );
  reader.setBlocking(false);
  match(Deno.inspect(reader), /, holds nobody back$/);
  event.take();
  equal(Deno.inspect(event), 'TaskEvent "go": not open, closed');
  reader.close();
  writer.close();
  match(Deno.inspect(reader), /, closed$/);
  match(Deno.inspect({ writer }), /^\{ writer: Writer "samples": .*0 refused \}$/);
  await pipe.close();
  match(lines()[0], /: closed, /);
  // Of the classes themselves nothing is shown but what they are.
  for (const kind of [Pipeline, Reader, Writer, TaskEvent]) {
    match(Deno.inspect(kind), new RegExp(`^\\[class ${kind.name}`));
  }
  match(Deno.inspect(Reader.prototype), /Reader/);
});

Deno.test("A name is shown as it is written, whatever it is", () => {
  equal(Deno.inspect(new Pipeline('a "b"\n')), 'Pipeline "a \\"b\\"\\n": declared, no tasks, no streams, no events');
});
