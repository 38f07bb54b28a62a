/**
 * Measurements from a socket, by a task: whatever the packets, whole frames of columns come out. A second task sends them
 * over `fetch` as one body.
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

const SAMPLE = { time: "float64", level: "float32" } as const;
type Sample = { time: "float64"; level: "float32" };

/** Reads a socket to its end. */
export async function receive(
  { samples }: { samples: Writer<Sample> },
  { params }: TaskContext<{ port: number }>,
): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: params.port });
  await connection.readable.pipeTo(samples.writable({ bytes: true }));
}

/** Sends all that comes as the body of one request. */
export async function upload(
  { samples }: { samples: Reader<Sample> },
  { params, signal }: TaskContext<{ url: string }>,
): Promise<void> {
  const response = await fetch(params.url, { method: "POST", body: samples.readable({ bytes: true }), signal });
  console.log(await response.text());
}

/** A sensor: it sends frames in packets that begin and end anywhere. */
async function sense(listener: Deno.TcpListener, frames: number): Promise<void> {
  using connection = await listener.accept();
  const bytes = new Uint8Array(frames * 48);
  for (let n = 0; n < frames; n++) {
    new Float64Array(bytes.buffer, n * 48, 4).fill(n);
    new Float32Array(bytes.buffer, n * 48 + 32, 4).fill(n / 2);
  }
  const writer = connection.writable.getWriter();
  for (let at = 0; at < bytes.length; at += 37) await writer.write(bytes.subarray(at, at + 37));
  await writer.close();
}

/** Sums up what was uploaded. */
async function receipt(request: Request): Promise<Response> {
  const bytes = await request.bytes();
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 48) sum += new Float32Array(bytes.slice(at + 32, at + 48).buffer)[3];
  return new Response(`received ${bytes.length / 48} frames, the levels sum up to ${sum}`);
}

if (import.meta.main) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, receipt);
  await using pipe = new Pipeline("socket", import.meta);
  // Four samples each: 32 bytes of time, and 16 of level.
  const samples = pipe.addStream("samples", { shape: [4], dtype: SAMPLE });
  pipe.addTask("receive", { fn: receive, writes: { samples }, params: { port: listener.addr.port } });
  pipe.addTask("upload", { fn: upload, reads: { samples }, params: { url: `http://127.0.0.1:${server.addr.port}/` } });
  await Promise.all([sense(listener, 100), pipe.run()]);
}
