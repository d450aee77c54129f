import { compilePattern } from '../patterns/compile.js';
import { RegexSplitter } from '../splitting/regex-splitter.js';
import { SCANNERS } from '../splitting/scanners/index.js';
import { ScanningSplitter, type Splitter } from '../splitting/splitter.js';

/**
 * Cuts text where a pattern begins and ends to match, as the pre-tokenizer of the written `tokenizer.json` does.
 *
 * @throws TokenizerError for a pattern that cannot be carried out exactly
 */
export function splitterOf(pattern: string): Splitter {
  const scan = SCANNERS.get(pattern);
  if (scan !== undefined) return new ScanningSplitter(scan());
  return new RegexSplitter(compilePattern(pattern, '--pattern', 'pattern'), 'Isolated', false);
}
