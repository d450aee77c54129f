/**
 * Most blocks of a model. Each has parameters of its own to be listed, so a number out of a stranger's file could fill the memory before
 * anything is compared with it.
 */
export const MOST_LAYERS = 10_000;
