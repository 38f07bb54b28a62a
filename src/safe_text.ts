/** Texts of others, made harmless for terminals, drawings and pages. */

/** A picture of a C0 control character; the others have none. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}

/**
 * What is not seen, but changes what is: format characters, those of bidirectional text among them, line and paragraph
 * separators, fillers and other ignorable ones, and code points that are no characters. Variation selectors of emoji stay.
 */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/**
 * A text of one line without what could break out of a drawing, or deceive who reads it: control characters are shown as
 * pictures of themselves, and what is not seen as a question mark in a box.
 */
export function safe(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}/gu, pictureOf).replace(UNSEEN, "\ufffd");
}

/** The beginning of a text whose length others decide. */
export function cut(text: string, most = 10_000): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).toWellFormed()}… (${text.length - most} more characters)`;
}

/** As {@link safe}, of a text that may have several lines, and tabs in them. */
export function safeLines(text: string): string {
  const parts = text.replaceAll("\r\n", "\n").split(/([\n\t])/);
  return parts.map((part) => part === "\n" || part === "\t" ? part : safe(part)).join("");
}

/** What is behind a failure, with its stack and causes, as far as it is told; empty if there is nothing. */
export function detailsOf(cause: unknown): string {
  if (cause === undefined) return "";
  try {
    return cut(Deno.inspect(cause));
  } catch {
    return "something that cannot be shown";
  }
}
