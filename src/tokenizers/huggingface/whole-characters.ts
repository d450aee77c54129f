import { TokenizerError } from '../../support/errors.js';

/** @throws TokenizerError if the text has half of a surrogate pair, which is no character and has no bytes */
export function requireWholeCharacters(text: string, file: string): void {
  if (text.isWellFormed()) return;
  const at = text.search(/\p{Cs}/u);
  const unit = text.charCodeAt(at).toString(16).toUpperCase();
  throw new TokenizerError(`the text has a surrogate, U+${unit}, on its own, which is no character`, {
    file,
    hint: 'Repair the text, or encode its bytes instead.',
  });
}
