/** What carries frames over a bare TCP connection, for comparison. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

/** Where to, and how many frames. */
export interface RawParams {
  readonly port: number;
}

/** As many frames as are there go at once. */
const AT_ONCE_BYTES = 256 * 1024;

/** Sends frames as they are. */
export async function sendRaw(
  { frames }: { frames: Reader<"uint32"> },
  { params: { port } }: TaskContext<RawParams>,
): Promise<void> {
  using connection = await connectSoon(port);
  const most = Math.max(1, Math.floor(AT_ONCE_BYTES / frames.frameBytes));
  const block = new Uint8Array(most * frames.frameBytes);
  while (await frames.lookAsync() !== null) {
    const found = frames.lookMany(most)!;
    found.forEach((frame, at) =>
      block.set(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), at * frame.byteLength)
    );
    frames.increment();
    const bytes = block.subarray(0, found.length * frames.frameBytes);
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  }
}

/** The other end may not listen yet. */
async function connectSoon(port: number): Promise<Deno.Conn> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Receives them. */
export async function receiveRaw(
  { frames }: { frames: Writer<"uint32"> },
  { params: { port } }: TaskContext<RawParams>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  using connection = await listener.accept();
  const { frameBytes } = frames;
  const most = Math.max(1, Math.floor(AT_ONCE_BYTES / frameBytes));
  const block = new Uint8Array(most * frameBytes);
  let filled = 0;
  for (;;) {
    const count = await connection.read(block.subarray(filled));
    if (count === null) return;
    filled += count;
    const whole = Math.floor(filled / frameBytes);
    for (let at = 0; at < whole; at++) {
      const slot = (await frames.lookAsync())!;
      const from = block.subarray(at * frameBytes, (at + 1) * frameBytes);
      new Uint8Array(slot.buffer, slot.byteOffset, slot.byteLength).set(from);
      frames.increment();
    }
    block.copyWithin(0, whole * frameBytes, filled);
    filled -= whole * frameBytes;
  }
}
