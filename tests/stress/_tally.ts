/** What a task has done, in memory that it shares with the program: frames, their bytes, frames lost, activations. */
export type Tally = SharedArrayBuffer;

export function newTally(): Tally {
  return new SharedArrayBuffer(4 * 8);
}

export interface Counts {
  frames: number;
  bytes: number;
  lost: number;
  activations: number;
}

export function countsOf(tally: Tally): Counts {
  const [frames, bytes, lost, activations] = new Float64Array(tally);
  return { frames, bytes, lost, activations };
}
