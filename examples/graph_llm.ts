/**
 * Questions to a language model: answers stream in token by token, a server that is busy (429) is asked again when it says
 * so, one that hangs is given up, and equal questions are asked once. The model is a small server in this program.
 *
 *     deno run -A examples/graph_llm.ts
 */

import { CachedNode, Graph, Node } from "@ringmill/ringmill/graph";

/** A model that is busy at first, and hangs when it is asked about time. */
function startModel() {
  let requests = 0;
  const onListen = () => {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
    const { prompt } = await request.json() as { prompt: string };
    if (++requests === 1) return new Response("busy", { status: 429, headers: { "retry-after": "0.02" } });
    // An answer of which nothing ever comes.
    if (prompt.includes("time")) return new Response(new ReadableStream());
    const tokens = `You asked : ${prompt}`.split(" ").map((token) => `${token} `);
    return new Response(ReadableStream.from(tokens).pipeThrough(new TextEncoderStream()));
  });
  return { server, url: `http://127.0.0.1:${server.addr.port}/`, count: () => requests };
}

class Busy extends Error {
  override readonly name = "Busy";
  constructor(readonly waitMs: number) {
    super(`the model is busy for ${waitMs} ms`);
  }
}

const model = startModel();

const preprocess = new Node("preprocess", (question: string) => question.trim().replace(/\s+/g, " "));

const generate = new CachedNode("generate", async (prompt: string, { signal }) => {
  const response = await fetch(model.url, { method: "POST", body: JSON.stringify({ prompt }), signal });
  if (response.status === 429) {
    await response.body?.cancel();
    throw new Busy(1000 * Number(response.headers.get("retry-after")));
  }
  let answer = "";
  for await (const token of response.body!.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(token));
    answer += token;
  }
  console.log();
  return answer;
}, {
  max: 1000,
  ttlMs: 60_000,
  timeoutMs: 500,
  retry: {
    attempts: 3,
    when: (error) => error instanceof Busy,
    delayMs: (error) => (error as Busy).waitMs,
  },
  fallback: (error) => `no answer (${(error.cause as Error).name})`,
});

const postprocess = new Node("postprocess", (answer: string) => `${answer.split(" ").length} words: ${answer.trim()}`);

preprocess.connect(generate).connect(postprocess);

{
  await using graph = new Graph("llm", { nodes: [preprocess, generate, postprocess], start: preprocess });
  graph.events$.subscribe((event) => {
    if (event.kind === "retry") console.log(`asked again after ${event.delayMs} ms`);
  });
  for (const question of ["why  is the sky blue", " why is the sky blue ", "what time is it"]) {
    console.log(await graph.execute(question, { output: postprocess }));
  }
  console.log(generate.stats, `${model.count()} requests`);
}
await model.server.shutdown();
