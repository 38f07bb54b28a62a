/** What a monitor tells of tasks and streams. */

/** What a task does. */
export type TaskState =
  /** Not started yet, or blocked: `waitingFor` says by what. */
  | "waiting"
  | "running"
  /** It returned, or unwound after the stop. */
  | "ended"
  | "failed"
  /** It has failed, and is about to be started again. */
  | "restarting";

/** What a waiting task waits for. */
export interface WaitingFor {
  /** The start of the pipeline; data to read, or room to write; an activation of an event; or the end of a sleep. */
  readonly what: "start" | "data" | "room" | "event" | "sleep";
  /** The name of the stream or event, where it is one. */
  readonly name?: string;
  /** How long it waits already, in milliseconds since it is monitored; missing while it waits for the start. */
  readonly forMs?: number;
}

/**
 * What went through one end of a stream, since the start and, per second, since the snapshot before. Figures of the time since
 * the snapshot before are `null` in the first one.
 */
export interface EndMetrics {
  /** The stream's name. */
  readonly stream: string;
  /** Frames read or written. A raw ring counts bytes. */
  readonly frames: number;
  /** Their bytes, without what aligns them. */
  readonly bytes: number;
  /** Frames a second. */
  readonly framesPerSecond: number | null;
  /** Bytes a second. */
  readonly bytesPerSecond: number | null;
  /** Milliseconds that the task waited at this end, for data or for room, since it is monitored. */
  readonly waitedMs: number;
  /** The same as a share of the time since the snapshot before, 0 to 1. */
  readonly blocked: number | null;
  /** Frames that passed a reader by unread; 0 for a writer. */
  readonly lost: number;
  /** Frames for which a writer found no room in time: it was full, and they are gone unless written again; 0 for a reader. */
  readonly refused: number;
  /** How full the ring is for the slowest reader that holds its writer back, 0 to 100. */
  readonly pressurePercent: number;
}

/**
 * A task at one moment. Rates and shares are those since the snapshot before; in the first one they are `null`. What is not
 * known is `null`.
 */
export interface TaskMetrics {
  /** Its name. */
  readonly name: string;
  /** What it did at that moment. */
  readonly state: TaskState;
  /** What it waited for, if it did. Of several waits of an async task, the one that has lasted longest. */
  readonly waitingFor: WaitingFor | null;
  /** All that it waited for at that moment, the longest wait first. */
  readonly waits: readonly WaitingFor[];
  /** The operating system's number of the process, the same for all tasks. */
  readonly pid: number;
  /** The operating system's number of its thread; `null` where it is not told. */
  readonly threadId: number | null;
  /** Its thread's nice level, -20 to 19; `null` where it is not told, or the thread is gone. */
  readonly nice: number | null;
  /**
   * Use of one core by its thread, 0 to 100. `null` where the operating system does not tell (on Linux it does, with all
   * permissions) and the task has not waited since the snapshot before; then the next one that is known is the mean since
   * the last one that was.
   */
  readonly cpuPercent: number | null;
  /**
   * CPU time of its thread since it began, in milliseconds, as it is known last; `null` if it never was. Of a task that was
   * started again, the time of the threads before counts, too.
   */
  readonly cpuMs: number | null;
  /** Resident memory of the process, the same for all tasks. */
  readonly rssBytes: number;
  /** Bytes in use on its own heap, as of its last wait; `null` if it has not waited since it is monitored. */
  readonly heapBytes: number | null;
  /** Share of time that it waited for data of any stream, 0 to 1. */
  readonly blockedOnEmpty: number | null;
  /** Share of time that it waited for room in any stream, 0 to 1. */
  readonly blockedOnFull: number | null;
  /** What it reads, by its own names. */
  readonly reads: Readonly<Record<string, EndMetrics>>;
  /** What it writes, by its own names. */
  readonly writes: Readonly<Record<string, EndMetrics>>;
  /** Frames of all that it reads. */
  readonly framesIn: number;
  /** Frames of all that it writes. */
  readonly framesOut: number;
  /** Bytes of all that it reads. */
  readonly bytesIn: number;
  /** Bytes of all that it writes. */
  readonly bytesOut: number;
  /** Milliseconds that it is late with what it does by the clock, such as a replay; `null` if it does nothing by the clock. */
  readonly latenessMs: number | null;
  /** How often it was started again after a failure. */
  readonly restarts: number;
  /** Frames that it failed on, and that were left out. */
  readonly skippedFrames: number;
  /** Frames that it failed on, and that went to `Pipeline.deadLetters`. */
  readonly deadLetters: number;
  /** The message of its latest failure that it was started again after; `null` if there was none. */
  readonly lastError: string | null;
  /** When that was, in milliseconds since 1970, as the system's clock was set then. */
  readonly sampledAt: number;
}

/** A stream at one moment. */
export interface StreamMetrics {
  /** Its name. */
  readonly name: string;
  /** How full its ring is for the slowest reader that holds its writer back, 0 to 100. */
  readonly pressurePercent: number;
  /** Frames published. */
  readonly frames: number;
  /** Frames published a second, since the snapshot before; `null` in the first one. */
  readonly framesPerSecond: number | null;
  /** Bytes published a second, without what aligns them; `null` in the first one. */
  readonly bytesPerSecond: number | null;
}

/** Everything at one moment. */
export interface Snapshot {
  /** When that was, in milliseconds since 1970, as the system's clock was set then. */
  readonly sampledAt: number;
  /** Milliseconds since the snapshot before, whatever the system's clock was set to meanwhile; 0 for the first. */
  readonly elapsedMs: number;
  /** The operating system's number of the process. */
  readonly pid: number;
  /** Resident memory of the process. */
  readonly rssBytes: number;
  /** The tasks by name, in the order of declaration. */
  readonly tasks: Readonly<Record<string, TaskMetrics>>;
  /** The streams by name, in the order of declaration. */
  readonly streams: Readonly<Record<string, StreamMetrics>>;
  /** The ends of links with other machines, by the names of the tasks that hold them; missing where there are none. */
  readonly links?: Readonly<Record<string, LinkMetrics>>;
}

/**
 * How a link is: not connected yet; connected, while the program at the other end is there or was not there for long; connected
 * with nobody at the other end; without an answer; at its end.
 */
export type LinkState = "connecting" | "connected" | "peer lost" | "interrupted" | "ended";

/** The figures of an end of a link at one moment. */
export interface LinkFiguresNow {
  /** How it is. */
  readonly state: LinkState;
  /** Frames that are under way: sent or arrived, as far as this end knows, and not consumed by all of their readers. */
  readonly lagFrames: number;
  /** For how many milliseconds the first of them is. */
  readonly lagMs: number;
  /** Bytes that were sent and stored, or that have arrived, with the heads of parcels. */
  readonly bytes: number;
  /** Parcels that were sent again. */
  readonly resends: number;
  /** How often the connection was made again. */
  readonly reconnects: number;
  /** For how many milliseconds a program at the other end has not been there; `null` while all are. */
  readonly peerLostMs: number | null;
}

/** An end of a link with other machines. */
export interface LinkMetrics extends LinkFiguresNow {
  /** The task that holds it. */
  readonly task: string;
  /** The stream that crosses. */
  readonly stream: string;
  /** Whether it comes from there, or goes to there. */
  readonly way: "in" | "out";
  /** The machines, or ends, that are there. */
  readonly peers: readonly string[];
}

/** Options of a monitor. */
export interface MonitorOptions {
  /**
   * Milliseconds from one snapshot to the next, 10 or more.
   *
   * @default {100}
   */
  intervalMs?: number;
}
