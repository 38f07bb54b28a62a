/** Jobs in workers that are not Ringmill's: one each, and one answer. */

interface Scope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

/** In a worker: does the one job that it is sent, and answers. */
export function onJob<Job, Answer>(work: (job: Job) => Answer | Promise<Answer>): void {
  const scope = globalThis as unknown as Scope;
  scope.onmessage = async ({ data }) => scope.postMessage(await work(data));
}

/** A job, and what of it moves to the worker. */
export interface JobMessage<Job> {
  readonly job: Job;
  readonly transfer?: Transferable[];
}

/** Does each job in a worker of its own, all at once. Resolves to the answer of the first, and ends all workers. */
export async function runJobs<Job, Answer>(module: URL, ...messages: JobMessage<Job>[]): Promise<Answer> {
  const workers: Worker[] = [];
  try {
    const answers = messages.map(({ job, transfer = [] }) => {
      const worker = new Worker(module, { type: "module" });
      workers.push(worker);
      return new Promise<Answer>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(`Cannot do a job of ${module.pathname}: ${event.message}`));
        };
        worker.postMessage(job, transfer);
      });
    });
    // A worker may have nothing to say, but fails for all.
    return await Promise.race([answers[0], ...answers.slice(1).map((answer) => answer.then(() => answers[0]))]);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}
