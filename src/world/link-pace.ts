/** Limits that links of both worlds share, so that a simulated link shows what a real one would. */

/** Bytes that are written in one piece; a turn with more to say is written in several. */
export const TURN_BYTES_MAX = 65_536;

/** How often a limited reader reads. */
export const SLICE_MS = 25;

/** Unused allowance of a limited reader is kept for no more than this many slices, so that no burst follows a pause. */
export const SLICES_SAVED_MAX = 2;
