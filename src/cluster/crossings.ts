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

/** Adds the ends of a stream's links that are on a machine: one for those who get all frames, one for the newest. */
function carry(pipe: Pipeline, machine: string, crossing: Crossing, transport: Transport): void {
  const { stream, from, to, latest } = crossing;
  const { commit, ...sending } = stream.carry ?? {};
  const { keep, replicas, parcelBytes, windowBytes, onLostPeer, peerTimeoutMs, onNewRun } = sending;
  if (machine === from) {
    if (to.length > 0) publishAs(pipe, stream, { ...sending, to: transport, readers: to }, machine);
    if (latest.length > 0) publishAs(pipe, stream.latest, { keep, replicas, parcelBytes, to: transport }, machine);
  } else if (to.includes(machine)) {
    const taking = { windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit };
    subscribeAs(pipe, stream, { ...taking, from: transport, reader: machine }, machine);
  } else {
    // Readers of the newest frame hold nobody back, and whoever resumes resumes for those that get all.
    const lost = onLostPeer === "drop" ? "wait" : onLostPeer;
    const run = onNewRun === "resume" ? "accept" : onNewRun;
    const taking = { onLostPeer: lost, peerTimeoutMs, onNewRun: run };
    subscribeAs(pipe, stream.latest, { ...taking, from: transport, reader: machine }, machine);
  }
}
