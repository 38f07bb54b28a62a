/** How a kernel reaches its runtime: other kernels, and children of its own. */

import type { KernelChild, KernelRuntime, LaunchOptions, TerminateOptions } from "../kernel_context.ts";
import type { KernelState } from "../kernel_state.ts";
import type { AnyMessageType, Message, MessageEnvelope, MessageOf, SendableOf } from "../message.ts";
import { type AnyRingKernel, checkKernel, type RingKernel } from "../ring_kernel.ts";
import type { ForeignDefinition } from "./kernel_protocol.ts";
import type { KernelError } from "../errors.ts";
import { rebuildKnownError } from "../errors_of_runtime.ts";
import type { ErrorReport } from "../../worker/error_report.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import type { PostOffice } from "./post_office.ts";
import type { WorkerDirectory } from "./worker_directory.ts";

/** A definition, as it is posted. */
function describe({ id, module, input, output, settings, params }: AnyRingKernel): ForeignDefinition {
  const namesOf = (types: readonly AnyMessageType[] | null) => types && types.map(({ messageType }) => messageType);
  return { id, module, input: namesOf(input), output: namesOf(output), settings, params };
}

/** The runtime, as a kernel's function sees it. */
export class WorkerRuntime implements KernelRuntime {
  readonly send: KernelRuntime["send"];
  readonly receive: KernelRuntime["receive"];
  readonly receiveAny: KernelRuntime["receiveAny"];
  readonly request: KernelRuntime["request"];
  readonly #directory: WorkerDirectory;

  constructor(post: PostOffice, directory: WorkerDirectory) {
    // A kernel's function may take them out of it.
    this.send = (kernel, message, options) => post.send(kernel, message, options);
    this.receive = (kernel, options) => post.receive(kernel, options);
    this.receiveAny = (kernels, options) => post.receiveAny(kernels, options);
    this.request = (kernel, message, options) => post.request(kernel, message, options);
    this.#directory = directory;
    this.launch = this.launch.bind(this);
    this.terminate = this.terminate.bind(this);
    this.stateOf = this.stateOf.bind(this);
  }

  /** As {@link KernelRuntime.launch}. */
  async launch<In extends AnyMessageType, Out extends AnyMessageType, Params>(
    id: string,
    kernel?: RingKernel<In, Out, Params>,
    options: LaunchOptions<Params> = {},
  ): Promise<KernelChild<SendableOf<In>, MessageOf<Out>>> {
    const described = kernel === undefined ? null : describe(checkKernel(id, kernel));
    await this.#directory.call({ method: "launch", id, kernel: described, options });
    return new Child(id, this, this.#directory) as unknown as KernelChild<SendableOf<In>, MessageOf<Out>>;
  }

  /** As {@link KernelRuntime.terminate}. */
  async terminate(id: string, options: TerminateOptions = {}): Promise<void> {
    await this.#directory.call({ method: "terminate", id, options });
  }

  /** As {@link KernelRuntime.stateOf}. */
  async stateOf(id: string): Promise<KernelState> {
    return await this.#directory.call({ method: "stateOf", id }) as KernelState;
  }
}

/** A kernel that a kernel has launched. */
class Child implements KernelChild {
  readonly id: string;
  readonly ended: Promise<KernelError | null>;
  readonly #runtime: WorkerRuntime;
  readonly #directory: WorkerDirectory;

  constructor(id: string, runtime: WorkerRuntime, directory: WorkerDirectory) {
    this.id = id;
    this.#runtime = runtime;
    this.#directory = directory;
    this.ended = directory.call({ method: "ended", id }).then((report) =>
      report ? rebuildKnownError(report as ErrorReport) as KernelError : null
    );
    this.ended.catch(() => {});
  }

  async activate(): Promise<void> {
    await this.#directory.call({ method: "activate", id: this.id });
  }

  async deactivate(options: { timeoutMs?: number } = {}): Promise<void> {
    await this.#directory.call({ method: "deactivate", id: this.id, options });
  }

  async reactivate(): Promise<void> {
    await this.#directory.call({ method: "reactivate", id: this.id });
  }

  terminate(options?: TerminateOptions): Promise<void> {
    return this.#runtime.terminate(this.id, options);
  }

  send(message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    return this.#runtime.send(this.id, message, options);
  }

  receive(options?: WaitOptions): Promise<Message> {
    return this.#runtime.receive(this.id, options);
  }

  request(message: MessageEnvelope, options?: WaitOptions): Promise<Message> {
    return this.#runtime.request(this.id, message, options);
  }
}
