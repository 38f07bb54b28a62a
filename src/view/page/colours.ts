/** Colours of rows and their lines. */

/** Degrees from one hue to the next: however many there are, neighbours differ. */
const GOLDEN_ANGLE = 137.508;
const FIRST_HUE = 250;

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The colour of the row of an index in its table. */
export function colourOf(index: number): string {
  const hue = Math.round((FIRST_HUE + index * GOLDEN_ANGLE) % 360);
  return dark.matches ? `oklch(0.75 0.14 ${hue})` : `oklch(0.58 0.16 ${hue})`;
}

/** A colour of the style sheet, by the name of its variable. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
}

/** Calls `listener` when the reader's preference changes. */
export function followTheme(listener: () => void): void {
  dark.addEventListener("change", listener);
}
