import { deepEqual } from "node:assert/strict";
import { linesOf } from "./_run.ts";

Deno.test("The graph's text example reports on each text, and warns of the long one", async () => {
  deepEqual(await linesOf("graph_text.ts"), [
    '2 words, the longest is "hello"',
    "skipped",
    '9 words, the longest is "quick"',
    "a long text: the quick brown ...",
    "completed",
  ]);
});

Deno.test("The graph's embeddings example calls the model for eight documents at a time", async () => {
  deepEqual(await linesOf("graph_embeddings.ts"), [
    "100 documents in 13 calls of the model, the mean norm is 10.98",
    "50 different documents",
  ]);
});

Deno.test("The graph's LLM example is asked again, streams, caches, and gives up what hangs", async () => {
  deepEqual(await linesOf("graph_llm.ts"), [
    "asked again after 20 ms",
    "You asked : why is the sky blue ",
    "9 words: You asked : why is the sky blue",
    "9 words: You asked : why is the sky blue",
    "3 words: no answer (TimeoutError)",
    "{ hits: 1, misses: 3, shared: 0 } 3 requests",
  ]);
});

Deno.test("The graph's agent is killed in the middle, goes on where it was, and stops for a person's approval", async () => {
  deepEqual(await linesOf("graph_agent.ts"), [
    "looks up: order 17: a lamp for 40",
    "the program was ended by SIGKILL",
    "looks up: the parcel was lost",
    "drafts: We refund 40: the parcel was lost",
    "was done before: clean, research/@1/turn",
    'asks: Send "We refund 40: the parcel was lost"?',
    "sent once, as ticket 17/send: We refund 40: the parcel was lost",
  ]);
});

Deno.test("The graph's workers example finds the primes", async () => {
  deepEqual(await linesOf("graph_workers.ts"), [
    "1000000007 is prime",
    "1000000009 is prime",
    "1000000021 is prime",
    "1000000033 is prime",
  ]);
});
