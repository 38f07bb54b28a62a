/** Colours of drawings, for light and for dark pages. */

import type { Tone } from "./content.ts";
import type { ViewNodeKind } from "../description.ts";

/** What a box is filled with, and its border. */
interface Colours {
  readonly fill: string;
  readonly stroke: string;
}

/** All colours of a drawing. Texts keep a contrast of 4.5 to 1 to what they stand on. */
interface Palette {
  readonly page: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly frame: string;
  readonly track: string;
  readonly kinds: Readonly<Record<ViewNodeKind, Colours>>;
  readonly tones: Readonly<Record<Tone, string>>;
  /** Colours of loads: low, high, and full. */
  readonly loads: readonly [string, string, string];
}

const LIGHT: Palette = {
  page: "#ffffff",
  text: "#1f2328",
  muted: "#59636e",
  line: "#818b98",
  frame: "#d1d9e0",
  track: "#d1d9e0",
  kinds: {
    task: { fill: "#ddf4ff", stroke: "#0969da" },
    data: { fill: "#f6f8fa", stroke: "#818b98" },
    event: { fill: "#fff8c5", stroke: "#bf8700" },
    program: { fill: "#fbefff", stroke: "#8250df" },
  },
  tones: { calm: "#59636e", active: "#1a7f37", done: "#59636e", warn: "#8a5a00", bad: "#cf222e" },
  loads: ["#2da44e", "#d4a72c", "#cf222e"],
};

const DARK: Palette = {
  page: "#0d1117",
  text: "#f0f6fc",
  muted: "#9198a1",
  line: "#656c76",
  frame: "#3d444d",
  track: "#3d444d",
  kinds: {
    task: { fill: "#121d2f", stroke: "#4493f8" },
    data: { fill: "#151b23", stroke: "#656c76" },
    event: { fill: "#272115", stroke: "#9e6a03" },
    program: { fill: "#1e1730", stroke: "#8957e5" },
  },
  tones: { calm: "#9198a1", active: "#3fb950", done: "#9198a1", warn: "#d29922", bad: "#f85149" },
  loads: ["#3fb950", "#d29922", "#f85149"],
};

/** Fonts of fixed width. */
const FAMILY = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/** What is the same in all themes. */
const SHAPES = `text{font-family:${FAMILY}}.rm-line,.rm-frame{fill:none}.rm-label{stroke-width:4;paint-order:stroke}` +
  ".rm-bad .rm-box,.rm-warn .rm-box,.rm-active .rm-box{stroke-width:2}";

/** For which pages: "auto" follows what the reader prefers. */
export type Theme = "auto" | "light" | "dark";

/** All themes. */
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** Which colour of a palette a load has. */
export function loadLevel(load: number): 0 | 1 | 2 {
  return load < 0.6 ? 0 : load < 0.9 ? 1 : 2;
}

/**
 * The style sheet of drawings. Without variables, which not all programs know that show or convert SVG.
 */
export function styleSheet(theme: Theme): string {
  if (theme !== "auto") return SHAPES + colourRules(theme === "dark" ? DARK : LIGHT);
  return `${SHAPES}${colourRules(LIGHT)}@media (prefers-color-scheme:dark){${colourRules(DARK)}}`;
}

function colourRules({ page, text, muted, line, frame, track, kinds, tones, loads }: Palette): string {
  const rules: [string, string][] = [
    [".rm-page", `fill:${page}`],
    [".rm-title", `fill:${text}`],
    [".rm-detail", `fill:${muted}`],
    [".rm-label", `fill:${muted};stroke:${page}`],
    [".rm-line", `stroke:${line}`],
    [".rm-tip", `fill:${line}`],
    [".rm-frame", `stroke:${frame}`],
    [".rm-track", `fill:${track}`],
    ...Object.entries(kinds).map(([kind, { fill, stroke }]): [string, string] => [
      `.rm-${kind} .rm-box`,
      `fill:${fill};stroke:${stroke}`,
    ]),
    ...Object.entries(tones).map(([tone, colour]): [string, string] => [`.rm-${tone}-text`, `fill:${colour}`]),
    ...(["active", "warn", "bad"] as const).map((
      tone,
    ): [string, string] => [`.rm-${tone} .rm-box`, `stroke:${tones[tone]}`]),
    ...loads.flatMap((colour, level): [string, string][] => [
      [`.rm-load-${level}`, `fill:${colour}`],
      [`.rm-line-${level}`, `stroke:${colour}`],
      [`.rm-tip-${level}`, `fill:${colour}`],
    ]),
  ];
  return rules.map(([selector, colours]) => `${selector}{${colours}}`).join("");
}
