/** The streams that cross from or to one machine of a pipeline: each gets the ends of a link. */

import { DeclarationError } from "../errors.ts";
import type { Crossing } from "../pipeline/machines.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { publishAs } from "./publish.ts";
import { subscribeAs } from "./subscribe.ts";
import type { Endpoint, Transport } from "./transport.ts";

/** A transport to an endpoint. */
export function makeTransport(endpoint: Endpoint): Transport {
  const transport: Transport = {
    ...endpoint,
    connect: (pipe, machine, crossings, machines) => {
      if (endpoint.engine === "tcp" && machines.length > 2) {
        const all = machines.join(", ");
        throw new DeclarationError(`Cannot connect ${all} by TCP: it carries between two machines, use nats()`);
      }
      // Each stream may have two links: both machines number them alike.
      for (const [index, crossing] of crossings.entries()) {
        carry(pipe, machine, crossing, { transport, offset: 2 * index });
      }
    },
  };
  return transport;
}

interface CarryPlace {
  readonly transport: Transport;
  readonly offset: number;
}

/** Adds the ends of a stream's links that are on a machine: one for those who get all frames, one for the newest. */
function carry(pipe: Pipeline, machine: string, crossing: Crossing, { transport, offset }: CarryPlace): void {
  const { stream, from, to, latest } = crossing;
  const { commit, ...sending } = stream.carry ?? {};
  const { keep, replicas, parcelBytes, windowBytes, onLostPeer, peerTimeoutMs, onNewRun } = sending;
  const isOut = machine === from;
  const whole = { machine, offset, peers: isOut ? to : [from] };
  const newest = { machine, offset: offset + 1, peers: isOut ? latest : [from] };
  if (isOut) {
    if (to.length > 0) publishAs(pipe, stream, { ...sending, to: transport, readers: to }, whole);
    if (latest.length > 0) publishAs(pipe, stream.latest, { keep, replicas, parcelBytes, to: transport }, newest);
  } else if (to.includes(machine)) {
    const taking = { windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit };
    subscribeAs(pipe, stream, { ...taking, from: transport, reader: machine }, whole);
  } else {
    // Readers of the newest frame hold nobody back, and whoever resumes resumes for those that get all.
    const lost = onLostPeer === "drop" ? "wait" : onLostPeer;
    const run = onNewRun === "resume" ? "accept" : onNewRun;
    const taking = { onLostPeer: lost, peerTimeoutMs, onNewRun: run };
    subscribeAs(pipe, stream.latest, { ...taking, from: transport, reader: machine }, newest);
  }
}
