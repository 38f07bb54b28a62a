/**
 * A kernel on one machine that programs on others ask, and hand work to, by a NATS server. In two terminals:
 *
 *     deno run -A examples/remote_kernel.ts nats://127.0.0.1:4222 --export
 *     deno run -A examples/remote_kernel.ts nats://127.0.0.1:4222
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { exportKernel, nats, remoteKernel } from "@ringmill/ringmill/cluster";

const Text = message("Text").of<{ text: string }>();
const Count = message("Count").of<{ words: number }>();

export const counter = ringKernel({ id: "counter", module: import.meta, input: Text, output: Count }, async (ctx) => {
  for await (const text of ctx) {
    const words = text.text.split(/\s+/).filter(Boolean);
    if (words.length === 0) throw new RangeError("there are no words");
    console.log(`${words.length} words`);
    await ctx.send(reply(text, Count({ words: words.length })));
  }
});

async function serve(url: string): Promise<void> {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("counter", counter);
  await using exported = await exportKernel(kernel, { transport: nats(url), attempts: 2 });
  const stop = () => void exported.close();
  Deno.addSignalListener("SIGINT", stop);
  console.log("exported; Ctrl-C ends it");
  const failure = await exported.ended;
  Deno.removeSignalListener("SIGINT", stop);
  if (failure) throw failure;
  console.log(`done: ${exported.figures.done}`);
}

async function use(url: string): Promise<void> {
  await using remote = await remoteKernel(counter, { transport: nats(url) });
  const { words } = await remote.request(Text({ text: "to be or not to be" }), { timeoutMs: 5000 });
  console.log(`asked: ${words}`);
  await remote.send(Text({ text: "that is the question" }));
  await remote.send(Text({ text: "" }));
  for await (const letter of remote.deadLetters()) {
    console.log(`given up after ${letter.attempts} attempts: ${letter.reason}`);
    await letter.remove();
    break;
  }
}

if (import.meta.main) {
  const [url, role] = Deno.args;
  if (url === undefined) throw new TypeError("Cannot run: which server? Give its URL, such as nats://127.0.0.1:4222");
  await (role === "--export" ? serve(url) : use(url));
}
