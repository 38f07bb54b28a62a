/** Who uses whom. */

/** How a kernel is used: it is sent messages, its output is received, or it is asked for answers. */
export type KernelUse = "send" | "receive" | "request";

/** A kernel has been used by another one, or by the program: the call has worked at least once. */
export interface KernelLink {
  /** The id of the kernel that has called; `null` for the program. */
  readonly user: string | null;
  /** The id of the kernel that it has sent to, received from, or made a request of. */
  readonly kernel: string;
  /** The call. */
  readonly by: KernelUse;
}
