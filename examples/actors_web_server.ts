/**
 * A web server over a pool of kernels. A client that goes away takes its work back: `deno run --allow-read
 * --allow-net=127.0.0.1 examples/actors_web_server.ts`.
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Search = message("Search").of<{ text: string; pages: number }>();
const Found = message("Found").of<{ page: number }>();
const GivenUp = message("Given up").of<{ text: string }>();

/** Looks at a page each 5 ms, for as long as somebody waits. */
export const search = ringKernel(
  { id: "search", module: import.meta, input: Search, output: [Found, GivenUp], restart: { limit: Infinity } },
  async (ctx) => {
    for await (const asked of ctx) {
      const signal = ctx.signalOf(asked);
      let page = 0;
      while (page < asked.pages && !signal.aborted) {
        await ctx.sleep(5);
        page++;
      }
      if (signal.aborted) await ctx.send(GivenUp({ text: asked.text }));
      else await ctx.send(reply(asked, Found({ page })));
    }
  },
);

/** By the class of an error: what a client is told. */
const STATUS: Readonly<Record<string, number>> = {
  QueueTimeoutError: 504,
  QueueFullError: 429,
  KernelStateError: 503,
};

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  const pool = await runtime.launchPool("search", search, { size: 2 });
  await pool.activate();
  const stop = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: () => {} },
    async (request) => {
      const { searchParams } = new URL(request.url);
      const asked = Search({ text: `${searchParams.get("text")}`, pages: Number(searchParams.get("pages")) });
      try {
        const answer = await pool.request(asked, { timeoutMs: 5000, signal: request.signal });
        return Response.json(answer);
      } catch (error) {
        const { name, message } = error as Error;
        return new Response(message, { status: STATUS[name] ?? 500 });
      }
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const { page } = await (await fetch(`${url}?text=ring&pages=3`)).json();
  console.log(`found on page ${page}`);
  const impatient = new AbortController();
  const gone = fetch(`${url}?text=needle&pages=100000`, { signal: impatient.signal }).catch(({ name }) => name);
  await new Promise((resolve) => setTimeout(resolve, 100));
  impatient.abort();
  console.log(`the client has gone: ${await gone}`);
  const given = await pool.receive({ timeoutMs: 10_000 });
  if (GivenUp.is(given)) console.log(`the search for "${given.text}" is given up`);
  stop.abort();
  await server.finished;
}
