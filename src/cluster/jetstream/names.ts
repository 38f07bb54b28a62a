/** Names of a link in JetStream: names of streams and consumers allow few characters, so others become their codes. */

/** A text as a token of letters, digits and hyphens, with `_` and two digits for each other byte. No two have the same. */
export function tokenOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9-]/.test(character)) return character;
    return character === "_" ? "__" : `_${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

/** The JetStream stream of a link. */
export const streamOf = (link: string): string => `RM_${tokenOf(link)}`;
/** The subject of a link's parcels. */
export const subjectOf = (link: string): string => `rm.${tokenOf(link)}`;

/** The consumer of a link that holds its last parcel, so that a new run knows where the last one has ended. No reader has this name. */
export const KEEPER = "_keep";

/** The JetStream stream that says who holds which end. No link has this name. */
export const CLAIMS_STREAM = "RM-claims";
/** Its subjects. */
export const CLAIMS_SUBJECTS = "rm-claims.>";

/** The subject of an end: that of a reader, or of the writer. */
export function claimOf(link: string, reader: string | null): string {
  return `rm-claims.${tokenOf(link)}.${reader === null ? "w" : `r.${tokenOf(reader)}`}`;
}
