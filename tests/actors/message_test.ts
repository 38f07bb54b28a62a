import { DeclarationError } from "@ringmill/ringmill";
import { message, MessageError, reply, withCorrelation } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, notEqual, ok, throws } from "node:assert/strict";

const Raw = message<{ values: number[]; note?: string }>("Raw");
const Mean = message<{ mean: number }>("Mean");

Deno.test("message() makes messages with an id, a priority and a correlation besides their own fields", () => {
  const raw = Raw({ values: [1, 2] });
  deepEqual({ ...raw }, { values: [1, 2] });
  match(raw.messageId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  deepEqual([raw.messageType, raw.priority, raw.correlationId], ["Raw", 128, null]);
  const other = Raw({ values: [] }, { priority: 0, correlationId: "order 17" });
  deepEqual([other.priority, other.correlationId], [0, "order 17"]);
  notEqual(other.messageId, raw.messageId);
});

Deno.test("message() copies the fields of a body, not of the message that it may come from", () => {
  const body = { values: [1] };
  const raw = Raw(body);
  body.values = [2];
  deepEqual(raw.values, [1]);
  const copy = Raw({ ...raw, note: "a copy" });
  notEqual(copy.messageId, raw.messageId);
  equal(copy.note, "a copy");
});

Deno.test("A message is shown by its type and its fields", () => {
  equal(Deno.inspect(Raw({ values: [1] })), "Raw { values: [ 1 ] }");
});

Deno.test("MessageType.is() tells messages of its type from all else", () => {
  ok(Raw.is(Raw({ values: [] })));
  for (const other of [Mean({ mean: 1 }), { values: [] }, null, 1]) ok(!Raw.is(other));
});

Deno.test("message() refuses a second type of the same name, and a name that is none", () => {
  throws(() => message("Raw"), {
    name: DeclarationError.name,
    message: 'Cannot define message "Raw": there is one of that name already',
  });
  throws(() => message(""), { name: "TypeError" });
  throws(() => message("Odd", {} as never), { name: "TypeError", message: /must be one of Standard Schema/ });
});

Deno.test("A priority out of range is a MessageError of its type", () => {
  for (const priority of [-1, 256, 1.5, NaN, "high" as never]) {
    throws(() => Raw({ values: [] }, { priority }), (error) => {
      ok(error instanceof MessageError);
      equal(error.messageType, "Raw");
      const rule = "priority must be a whole number from 0 to 255";
      return error.message === `Cannot make message "Raw": ${rule}, received ${Deno.inspect(priority)}`;
    });
  }
  throws(() => Raw({ values: [] }, { correlationId: 1 as never }), MessageError);
});

Deno.test("A body that is no object, or has a field that belongs to every message, is a MessageError", () => {
  for (const body of [null, undefined, 1, [1], new Uint8Array(1)]) {
    throws(() => Raw(body as never), /Cannot make message "Raw": its body must be (an|a plain) object/);
  }
  throws(() => Raw({ values: [], messageId: "mine" } as never), {
    name: "MessageError",
    message: 'Cannot set "messageId" of message "Raw": it belongs to the message, not to its body',
  });
  throws(() => Object.assign(Raw({ values: [] }), { priority: 1 }), MessageError);
});

Deno.test("reply() correlates an answer to a request, and keeps its priority", () => {
  const raw = Raw({ values: [] }, { priority: 240 });
  const mean = Mean({ mean: 1 });
  const answer = reply(raw, mean);
  deepEqual([answer.correlationId, answer.priority, answer.mean], [raw.messageId, 240, 1]);
  equal(answer.messageId, mean.messageId);
  equal(mean.correlationId, null);
  throws(() => reply({} as never, mean), { name: "TypeError" });
});

Deno.test("withCorrelation() takes the id of a message, any text, or nothing", () => {
  const raw = Raw({ values: [] });
  for (const id of [raw.messageId, "order 17", crypto.randomUUID(), null]) {
    equal(withCorrelation(raw, id).correlationId, id);
  }
  throws(() => withCorrelation(raw, 17 as never), {
    name: "TypeError",
    message: "Cannot correlate a message: correlationId must be a text or null, received 17",
  });
});
