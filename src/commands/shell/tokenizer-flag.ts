import { Flags } from '@oclif/core';
import { DEFAULT_TOKENIZER } from '../../tokenizers/artifacts.js';

/** Which tokenizer a command uses. */
export const tokenizerFlag = Flags.string({
  char: 't',
  summary: 'A shipped tokenizer by its name, or the path of a tokenizer.json, a .model or a folder with one.',
  helpValue: 'NAME|PATH',
  default: DEFAULT_TOKENIZER,
});
