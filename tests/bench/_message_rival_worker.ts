/** One side of an exchange of messages without Ringmill, in a worker of its own. */

import { onJob } from "./_jobs.ts";
import type { Percentiles } from "./_measure.ts";
import {
  answer,
  ask,
  type Found,
  handOn,
  type Place,
  type Range,
  sendAll,
  sumUp,
  type TransportName,
} from "./_message_rivals.ts";

/** What the worker is told to do. */
export type MessageJob =
  & { readonly by: TransportName; readonly ports: readonly MessagePort[] }
  & (
    | { readonly role: "send"; readonly range: Range }
    | { readonly role: "sum up"; readonly messages: number }
    | { readonly role: "ask"; readonly trips: number }
    | { readonly role: "answer" }
    | { readonly role: "hand on"; readonly place: Place }
  );

/** What it answers, by its role. */
export type MessageAnswer = Found | Percentiles | void;

onJob((job: MessageJob): Promise<MessageAnswer> | void => {
  const { by, ports: [port, to] } = job;
  switch (job.role) {
    case "send":
      return sendAll(by, port, job.range);
    case "sum up":
      return sumUp(by, job.ports, job.messages);
    case "ask":
      return ask(by, port, job.trips);
    case "answer":
      return answer(by, port);
    case "hand on":
      return handOn(by, port, to, job.place);
  }
});
