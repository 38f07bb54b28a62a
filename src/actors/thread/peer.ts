/** Opens what a thread is told of a kernel. */

import type { HandleOptions } from "../../ring/end.ts";
import { reportDrop } from "../message/failure.ts";
import { replyToIn } from "../message/message_record.ts";
import { type KernelMemory, type MailboxDescription, openKernelMemory, openMailbox } from "./kernel_memory.ts";
import type { PeerDescription } from "./kernel_protocol.ts";
import { Outlet } from "./outlet.ts";
import type { Peer } from "./post_office.ts";
import type { Settler } from "./settler.ts";

/** A kernel, with all handles on its memory. */
export interface OpenPeer extends Peer {
  readonly memory: KernelMemory;
}

/** How a thread opens things. */
export interface ThreadAccess {
  /** The thread's number in queues. */
  readonly threadSlot: number;
  readonly handles: HandleOptions;
  /** Fails requests that this thread has to drop. */
  readonly settler: Settler;
  /** Hears that the thread waits for room in the queue of a kernel, by its mailbox's id; `null` if it does not any more. */
  noteRoom?(mailboxId: number | null): void;
}

/** Opens a kernel's memory. */
export function openPeer({ id, memory, backpressure, types }: PeerDescription, access: ThreadAccess): OpenPeer {
  const { threadSlot, handles, settler, noteRoom } = access;
  const place = `to kernel "${id}"`;
  const opened = openKernelMemory(memory, threadSlot, handles);
  const drop = reportDrop(id);
  return {
    kernel: id,
    place,
    types: types && new Set(types),
    mailboxId: memory.mailbox.id,
    input: new Outlet(opened.input, {
      kernel: id,
      mailbox: memory.mailbox.id,
      backpressure,
      place,
      bytesOption: `queueBytes of kernel "${id}"`,
      onDropped: (record) => {
        const replyTo = replyToIn(record);
        if (replyTo) settler.settle(replyTo, drop);
      },
      noteWait: noteRoom,
    }),
    output: opened.output,
    isUsedBy: { send: false, receive: false, request: false },
    memory: opened,
  };
}

/** Opens a mailbox to send answers to. */
export function openAnswers(mailbox: MailboxDescription, { threadSlot, handles, noteRoom }: ThreadAccess): Outlet {
  const { owner, id, bytesOption } = mailbox;
  return new Outlet(openMailbox(mailbox, threadSlot, handles), {
    kernel: owner,
    mailbox: id,
    backpressure: "block",
    place: `to the mailbox of ${owner}`,
    bytesOption,
    noteWait: noteRoom,
  });
}
