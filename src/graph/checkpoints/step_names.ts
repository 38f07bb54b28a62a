/** The names of steps: what is kept of a run is kept by them. */

/** Names that can be read as they are. */
const PLAIN_NAME = /^[\w .-]+$/;

/** A name, so that no two lists of names read alike. */
export function quoted(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** The step of a node, or of one of its calls if it has several. Those after the first are numbered. */
export function callStep(path: string, node: string, slot: number): string {
  const name = path === "" ? quoted(node) : `${path}/${quoted(node)}`;
  return slot === 0 ? name : `${name}#${slot + 1}`;
}

/** What is kept besides a call's output. */
export function sideStep(step: string, name: string): string {
  return `${step}:${name}`;
}

/** Which question of a call: those of its function are numbered, and those of its fallback, too, for themselves. */
export type QuestionName = `${"" | "f"}${number}`;

/** What a node asks, and what it was answered: one or the other of each time. */
export function questionStep(step: string, question: QuestionName): string {
  return `${step}?${question}`;
}

export function answerStep(step: string, question: QuestionName): string {
  return `${step}!${question}`;
}

/** A question's step, its call and its name among the questions of that; `null` if a step is none. */
export function parseQuestion(step: string): { readonly call: string; readonly name: QuestionName } | null {
  const [, call, name] = /^(.*)\?(f?\d+)$/s.exec(step) ?? [];
  return call === undefined ? null : { call, name: name as QuestionName };
}

/** The node that a step belongs to, whichever call or round it is. */
export function placeOf(step: string): string {
  return step.replace(/\/@\d+/g, "").replace(/(#\d+)?(:\w+)?$/, "");
}

/** Whether a step is an output, or what a function has said. */
export function isFinished(step: string): boolean {
  return step !== "" && !/[?!]f?\d+$/.test(step);
}

/** Whether a step is the output of a node, or of one of its calls. */
export function isOutput(step: string): boolean {
  return isFinished(step) && !/:\w+$/.test(step);
}
