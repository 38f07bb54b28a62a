import { deepEqual, equal, ok } from "node:assert/strict";
import { rebuildError, reportError, summarizeError } from "../../src/worker/error_report.ts";

/** What arrives on the other side. */
function carry(thrown: unknown): unknown {
  return rebuildError(structuredClone(reportError(thrown)));
}

Deno.test("rebuildError() makes an instance of each built-in class", () => {
  for (const kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = new kind("oh no");
    const carried = carry(error) as Error;
    equal(Object.getPrototypeOf(carried), kind.prototype);
    deepEqual([carried.name, carried.message, carried.stack], [error.name, error.message, error.stack]);
    deepEqual(Object.keys(carried), []);
  }
});

Deno.test("rebuildError() keeps the name and the own properties of other classes", () => {
  class Overload extends Error {
    readonly level = 11;
    readonly callback = () => {};
  }
  const carried = carry(new Overload("too loud")) as Overload;
  deepEqual([carried.name, carried.message, carried.level, carried.callback], ["Overload", "too loud", 11, undefined]);
  ok(carried instanceof Error);
});

Deno.test("rebuildError() keeps causes and aggregated errors", () => {
  const error = new AggregateError([new RangeError("one"), "two"], "both", { cause: new TypeError("why") });
  const carried = carry(error) as AggregateError;
  ok(carried instanceof AggregateError);
  ok(carried.errors[0] instanceof RangeError);
  equal(carried.errors[1], "two");
  ok(carried.cause instanceof TypeError);
});

Deno.test("reportError() cuts off a circle of causes", () => {
  const error = new Error("first");
  error.cause = new Error("second", { cause: error });
  let depth = 0;
  for (let at: unknown = carry(error); at instanceof Error; at = at.cause) depth++;
  ok(depth > 2 && depth < 100);
});

Deno.test("rebuildError() returns what was thrown, where it was no error", () => {
  deepEqual([carry("text"), carry(7), carry(null), carry(undefined)], ["text", 7, null, undefined]);
  deepEqual(carry({ code: 3 }), { code: 3 });
  equal(carry(Symbol("mine")), "Symbol(mine)");
});

Deno.test("summarizeError() names class and message", () => {
  equal(summarizeError(reportError(new RangeError("no more"))), "RangeError: no more");
  equal(summarizeError(reportError("text")), "text");
});

/** An error that is not as it should be. */
function broken(change: (error: Error & Record<string, unknown>) => void): Error {
  const error = new Error("the message") as Error & Record<string, unknown>;
  change(error);
  return error;
}

Deno.test("reportError() never throws, and what it returns can be cloned", () => {
  const fail = () => {
    throw new Error("from the trap");
  };
  const getter = (key: string) => (error: Error) => Object.defineProperty(error, key, { get: fail, enumerable: true });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const odd: unknown[] = [
    broken((error) => error.name = Symbol("name") as unknown as string),
    broken((error) => error.message = (() => 1) as unknown as string),
    broken((error) => error.stack = { frames: [() => {}] } as unknown as string),
    broken(getter("message")),
    broken(getter("level")),
    broken(getter("cause")),
    broken((error) => error.constructor = undefined as unknown as ErrorConstructor),
    Object.assign(new AggregateError([]), { errors: null }),
    new Proxy({}, { getPrototypeOf: fail, get: fail, ownKeys: fail }),
    proxy,
    Object.create(null),
    { toString: fail },
    () => {},
  ];
  for (const thrown of odd) summarizeError(structuredClone(reportError(thrown)));
  equal(summarizeError(reportError(odd[4])), "Error: the message");
});

Deno.test("reportError() cuts off an aggregate of itself", () => {
  const error = new AggregateError([], "again");
  error.errors = [error, error, error];
  ok(JSON.stringify(reportError(error)).length < 100_000);
});
