import { deepEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CONFIG } from "../_deno.ts";
import { allOf, Notes } from "./_programs.ts";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const CHAIN = fileURLToPath(new URL("./_chain.ts", import.meta.url));

/** A machine of the chain. */
class Machine implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor(options: Record<string, unknown>) {
    const args = ["run", "-A", "--no-check", "--config", CONFIG, CHAIN, JSON.stringify(options)];
    this.#process = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "null" }).spawn();
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.status;
  }
}

Deno.test("A program in the middle that is killed loses nothing: its input is done with when what it made is stored", {
  ignore: LACKS_NATS,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const total = 400;
  const machine = (label: string) => new Machine({ url: server.url, machine: label, total, path: notes.path });
  await using source = machine("edge");
  await using sink = machine("wall");
  for (const reached of IS_LONG ? [100, 250] : [100]) {
    await using middle = machine("hub");
    await notes.reach(reached);
    await middle[Symbol.asyncDispose]();
  }
  await using last = machine("hub");
  deepEqual((await source.status).code, 0);
  deepEqual((await last.status).code, 0);
  deepEqual((await sink.status).code, 0);
  deepEqual(notes.read(), allOf(1, total));
});
