/** The folders of `configs/`: see `presets.ts`. */
export type PresetFolder = 'models' | 'proxies' | 'recipes';

/** A preset that a rule derives from another one, named by adding a suffix to its name. */
export interface RecipeVariant {
  suffix: string;
  summary: string;
  /** Which presets have it. */
  folders: readonly PresetFolder[];
  /**
   * Settings to put on top of the base preset, or undefined where the rule does not apply to it.
   *
   * @param get value of a dotted setting in the base preset
   */
  overlay(get: (setting: string) => unknown): Record<string, unknown> | undefined;
}

/** 2 M symbols: the batch that the names of the reference's scripts promise. */
const TWO_MILLION = 2 ** 21;

/**
 * What the reference's scripts must share to be compared like for like: 131,072 symbols a step, as most of them have.
 * Recipes for one machine share the batch of their model already.
 */
const MATCHED_BATCH = { size: 8, accumulation: 1, sequenceLength: 16_384 };
const SCRIPT_CONTEXT = 4096;

export const RECIPE_VARIANTS: readonly RecipeVariant[] = [
  {
    suffix: '-2m',
    summary: '2,097,152 symbols a step by gradient accumulation, in micro-batches of the same size',
    folders: ['recipes'],
    overlay: (get) => {
      const [size, sequenceLength] = [Number(get('batch.size')), Number(get('batch.sequenceLength'))];
      const accumulation = Number(get('batch.accumulation') ?? 1);
      const factor = TWO_MILLION / (size * sequenceLength);
      if (!Number.isInteger(factor)) return undefined;
      return { batch: { size: size * factor, accumulation: accumulation * factor } };
    },
  },
  {
    suffix: '-matched',
    summary: 'with the heads, symbols a step and context that all matched recipes share',
    folders: ['proxies', 'recipes'],
    overlay: (get) => ({
      model: { predictionHeads: 1, rawHeads: 0 },
      ...(Number(get('batch.sequenceLength') ?? 0) >= SCRIPT_CONTEXT && { batch: MATCHED_BATCH }),
    }),
  },
];
