/** The top of the page: what runs, how it goes, what is known of the whole, and what went wrong. */

import type { LiveFailure, LiveUpdate } from "../live/update.ts";
import { byId, element, safeText, setText } from "./dom.ts";
import { timeOfDay } from "./units.ts";

/** How a state is worded. */
const STATES: Readonly<Record<LiveUpdate["state"], string>> = {
  waiting: "not started",
  running: "running",
  ended: "ended",
  failed: "failed",
};

/** Everything above the drawing. */
export class Heading {
  readonly #title = byId("title");
  readonly #state = byId("state");
  readonly #facts = byId("facts");
  readonly #connection = byId("connection");
  readonly #failures = byId("failures");
  #known = "";
  #shown = "[]";

  /** Names the page, also where nobody sees more of it than that. */
  name({ title, state }: LiveUpdate): void {
    document.title = safeText(`${title} – ${STATES[state]}`);
  }

  /** Shows what is known. */
  update({ title, state, facts, failures }: LiveUpdate): void {
    setText(this.#title, title);
    this.#say(state, STATES[state]);
    this.#connection.hidden = true;
    document.body.classList.remove("is-stale");
    const known = JSON.stringify([facts, failures]);
    if (known === this.#known) return;
    this.#known = known;
    this.#facts.replaceChildren(
      ...facts.map(({ title, text }) => element("div", {}, element("dt", {}, title), element("dd", {}, text))),
    );
    this.#show(failures);
  }

  /** The program cannot be heard. */
  lost(since: number): void {
    this.#say("lost", "connection lost");
    document.title = `${this.#title.textContent} – connection lost`;
    document.body.classList.add("is-stale");
    this.#connection.hidden = false;
    setText(this.#connection, `Nothing heard from the program since ${timeOfDay(since)}. Trying again …`);
  }

  #say(state: string, text: string): void {
    this.#state.dataset.state = state;
    setText(this.#state, text);
  }

  #show(failures: readonly LiveFailure[]): void {
    const shown = JSON.stringify(failures);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#failures.hidden = failures.length === 0;
    this.#failures.replaceChildren(...failures.map(({ title, reason, details }) => {
      const what = [element("strong", {}, title), ` failed: ${reason}`];
      if (details === "") return element("p", {}, ...what);
      return element("details", {}, element("summary", {}, ...what), element("pre", {}, details));
    }));
  }
}
