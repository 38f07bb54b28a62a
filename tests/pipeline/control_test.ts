import { deepEqual, equal } from "node:assert/strict";
import { collect, INT, newPipeline } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

Deno.test("A toggleable task runs once per activation, and ends when nobody can signal any more", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go");
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  pipe.addTask("signal", { fn: tasks.signalThrice, events: { go } });
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [1, 2, 3]);
});

Deno.test("A toggleable task runs once for an event that is open from the start", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go", { initialState: true });
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [1]);
});

Deno.test("A toggleable task that is never activated does not run", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go");
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  const reader = pipe.openReader(numbers);
  const own = pipe.openEvent(go);
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 50 }), false);
  equal(own.pending, 0);
  pipe.stop();
  await pipe.join();
  equal(reader.ring.unread, 0);
});

Deno.test("A switchable task runs again and again while its event is open, without resetting it", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 1 });
  const go = pipe.addEvent("go");
  pipe.addTask.switchable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  // Signals once, and resets when the third call is seen. With room for one frame, at most two calls follow.
  pipe.addTask("switch", { fn: tasks.countAndSwitch, reads: { numbers }, events: { go } });
  const reader = pipe.openReader(numbers);
  const own = pipe.openEvent(go);
  await pipe.start();
  for (const expected of [1, 2, 3]) deepEqual([...(await reader.readAsync())!], [expected]);
  let last = 3;
  let frame;
  do {
    frame = await reader.readAsync({ timeoutMs: 50 });
    last = frame?.[0] ?? last;
  } while (own.isOpen || frame);
  equal(await reader.readAsync({ timeoutMs: 50 }), null);
  own.signal();
  deepEqual([...(await reader.readAsync())!], [last + 1]);
  pipe.stop();
  await pipe.join();
});

Deno.test("A switchable task with readers ends when its streams have ended", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go", { initialState: true });
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 100 } });
  pipe.addTask.switchable("read", { fn: tasks.readOne, reads: { numbers }, events: { go }, activateOn: "go" });
  await pipe.run();
});

Deno.test("The program can activate tasks through openEvent()", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go");
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  const reader = pipe.openReader(numbers);
  const event = pipe.openEvent(go);
  await pipe.start();
  for (const expected of [1, 2, 3]) {
    event.signal();
    deepEqual([...(await reader.readAsync())!], [expected]);
  }
});

Deno.test("TaskEvent.wait() in a task ends with false when every other party has ended", async () => {
  await using pipe = newPipeline();
  const answer = pipe.addStream("answer", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("wait", { fn: tasks.awaitEvent, writes: { answer }, events: { go } });
  pipe.addTask("ignore", { fn: tasks.ignoreEvent, events: { go } });
  const reader = pipe.openReader(answer);
  await pipe.run();
  deepEqual(await collect(reader), [0]);
});

Deno.test("TaskEvent.wait() in a task ends with true when another party has signalled", async () => {
  await using pipe = newPipeline();
  const answer = pipe.addStream("answer", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("wait", { fn: tasks.awaitEvent, writes: { answer }, events: { go } });
  pipe.addTask("signal", { fn: tasks.signalThrice, events: { go } });
  const reader = pipe.openReader(answer);
  await pipe.run();
  deepEqual(await collect(reader), [1]);
});

Deno.test("AsyncTaskEvent.close() takes the program off those who could signal, so that waiting tasks end", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const answer = pipe.addStream("answer", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("wait", { fn: tasks.awaitEvent, writes: { answer }, events: { go } });
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  const calls = pipe.openReader(numbers);
  const answers = pipe.openReader(answer);
  const event = pipe.openEvent(go);
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 20 }), false);
  event.close();
  equal(await pipe.join(), true);
  deepEqual([await collect(answers), await collect(calls), event.closed], [[0], [], true]);
});

Deno.test("TaskEvent.close() in a task lets those who wait for it end before the task does", async () => {
  await using pipe = newPipeline();
  const answer = pipe.addStream("answer", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("wait", { fn: tasks.awaitEvent, writes: { answer }, events: { go } });
  pipe.addTask("close", { fn: tasks.closeEvent, reads: { numbers: answer }, events: { go } });
  await pipe.run();
});

Deno.test("TaskEvent.close() lets several tasks that wait for one event end when those who signal have", async () => {
  await using pipe = newPipeline();
  const go = pipe.addEvent("go");
  const readers = ["a", "b"].map((name) => {
    const taken = pipe.addStream(name, INT);
    pipe.addTask(`take ${name}`, { fn: tasks.closeAndTake, writes: { taken }, events: { go } });
    return pipe.openReader(taken);
  });
  pipe.addTask("signal", { fn: tasks.signalThrice, events: { go } });
  await pipe.run();
  const [[a], [b]] = await Promise.all(readers.map(collect));
  equal(a + b, 3);
});

Deno.test("Pipeline.addTask() without fn returns a function that registers what it is given, and returns it", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const register = pipe.addTask("count", { writes: { numbers }, params: { count: 3 } });
  equal(pipe.tasks.size, 0);
  equal(register(tasks.count), tasks.count);
  equal(pipe.tasks.get("count")?.fn, tasks.count);
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [0, 1, 2]);
});

Deno.test("A task's function may be a default export, a renamed export, or made by a function", async () => {
  await using pipe = newPipeline();
  const functions = { one: tasks.default, two: tasks.outer, three: tasks.three, four: tasks.four };
  const readers = Object.entries(functions).map(([name, fn]) => {
    const numbers = pipe.addStream(name, INT);
    pipe.addTask(name, { fn, writes: { numbers } });
    return pipe.openReader(numbers);
  });
  await pipe.run();
  deepEqual(await Promise.all(readers.map(collect)), [[1], [2], [3], [4]]);
});
