/** Elements of the page. Texts go in as texts, so that no name can be taken for markup. */

import { safe } from "../../safe_text.ts";

/** The element of an id that `index.html` has. */
export function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** An element with attributes and children. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.map((child) => typeof child === "string" ? safeText(child) : child));
  return made;
}

/** Changes a text, if it is another. */
export function setText(node: Node, text: string): void {
  const shown = safeText(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/** A text without what turns the direction of writing, or is not seen. Lines stay. */
export function safeText(text: string): string {
  return text.split("\n").map(safe).join("\n");
}
