/** The streams that cross from or to one machine of a pipeline: each gets the ends of a link. */

import type { Crossing } from "../pipeline/machines.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { publishAs } from "./publish.ts";
import { subscribeAs } from "./subscribe.ts";
import type { Endpoint, Transport } from "./transport.ts";

/** A transport to an endpoint. */
export function makeTransport(endpoint: Endpoint): Transport {
  const transport: Transport = {
    ...endpoint,
    connect: (pipe, machine, crossings) => {
      for (const crossing of crossings) carry(pipe, machine, crossing, transport);
    },
  };
  return transport;
}

/** Adds the end of a stream's link that is on a machine. */
function carry(pipe: Pipeline, machine: string, { stream, from, to }: Crossing, transport: Transport): void {
  const { commit, ...sending } = stream.carry ?? {};
  const { windowBytes, onLostPeer, peerTimeoutMs, onNewRun } = sending;
  const taking = { windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit };
  if (machine === from) publishAs(pipe, stream, { ...sending, to: transport, readers: to }, machine);
  else subscribeAs(pipe, stream, { ...taking, from: transport, reader: machine }, machine);
}
