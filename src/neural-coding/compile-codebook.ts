import { CodebookError } from '../support/errors.js';
import type { FrequencyModel } from './byte-model.js';
import type { Codebook, CodebookProvenance } from './codebook.js';
import { fingerprintOf } from './codebook-file.js';
import { CODER_RULES } from './coders.js';
import { COMPILED_WINDOWS, type WindowParameters } from './parameters.js';
import type { GrowthOptions } from './phrases.js';

export interface CompileOptions extends GrowthOptions {
  provenance: CodebookProvenance;
}

/**
 * Compiles a window coder into its codebook. The model is asked for every string that can begin a window, in batches; memory is
 * proportional to their number: some 45,000 at τ = 16 and a million at τ = 20 for source code.
 *
 * @throws CodebookError for a window that has no compiled form, or a model that breaks its contract; the signal's reason
 */
export async function compileCodebook(
  model: FrequencyModel,
  { coder, windowBits }: WindowParameters,
  { provenance, ...growth }: CompileOptions,
): Promise<Codebook> {
  if (!COMPILED_WINDOWS.some((bits) => bits === windowBits)) {
    throw new CodebookError(`windows of ${windowBits} bits cannot be compiled`, {
      hint: `Choose one of ${COMPILED_WINDOWS.join(', ')} bits, or code with the model in the loop.`,
    });
  }
  const rules = CODER_RULES[coder];
  const trie = (await rules.phrases(model, windowBits, growth)).inPreorder();
  const { bytes, childCounts } = trie;
  const compiled = { coder, windowBits, bytes, childCounts, codes: rules.codes(trie, windowBits) };
  return { ...compiled, fingerprint: fingerprintOf(compiled), provenance };
}
