/** Which nodes the reader looks at: they stand out in the drawing, the tables and the charts. */

/** Nodes that were clicked, and the one below the pointer. */
export class Selection {
  readonly #pinned = new Set<string>();
  readonly #listeners: (() => void)[] = [];
  #hovered: string | null = null;

  /** Whether a node is one of them. */
  has(node: string): boolean {
    return this.#pinned.has(node) || this.#hovered === node;
  }

  /** Nodes that were clicked, in this order. */
  get pinned(): readonly string[] {
    return [...this.#pinned];
  }

  /** The one of these nodes to speak of, if it is one of them: that below the pointer before those that were clicked. */
  choose(nodes: readonly string[]): string | undefined {
    return nodes.find((node) => node === this.#hovered) ?? nodes.find((node) => this.#pinned.has(node));
  }

  /** Calls `listener` at each change. */
  follow(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The pointer is on a node, or on none. */
  hover(node: string | null): void {
    if (node === this.#hovered) return;
    this.#hovered = node;
    for (const listener of this.#listeners) listener();
  }

  /** Clicks on a node, or beside all. */
  toggle(node: string | null): void {
    if (node === null) this.#pinned.clear();
    else if (!this.#pinned.delete(node)) this.#pinned.add(node);
    for (const listener of this.#listeners) listener();
  }

  /** Follows the pointer within an element; `nodeOf` tells the node that a part of it belongs to. */
  watch(area: HTMLElement, nodeOf: (part: Element) => string | null): void {
    const nodeAt = ({ target }: Event) => target instanceof Element ? nodeOf(target) : null;
    area.addEventListener("pointerover", (event) => this.hover(nodeAt(event)));
    area.addEventListener("pointerleave", () => this.hover(null));
    // Not by clicks: there is none where what was pressed is drawn anew before it is released.
    let pressed: string | null | undefined;
    area.addEventListener("pointerdown", (event) => pressed = event.button === 0 ? nodeAt(event) : undefined);
    area.addEventListener("pointerup", (event) => {
      if (pressed !== undefined && nodeAt(event) === pressed) this.toggle(pressed);
      pressed = undefined;
    });
    // A keyboard's click.
    area.addEventListener("click", (event) => event.detail === 0 && this.toggle(nodeAt(event)));
  }
}
