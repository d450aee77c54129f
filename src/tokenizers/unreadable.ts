import { TokenizerError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';

/**
 * What to do about a failure to read a file of a tokenizer: `readFile(path).catch(unreadable(path))`.
 *
 * @returns a function that throws a TokenizerError for a failure of the system, and any other error as it is
 */
export function unreadable(
  file: string,
  hint = 'Give the path of a tokenizer.json, a SentencePiece .model, or a folder with one of them.',
): (error: unknown) => never {
  return (cause) => {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw new TokenizerError(
      code === 'ENOENT' ? 'there is no such tokenizer' : `the tokenizer cannot be read (${code})`,
      { file, hint, cause },
    );
  };
}
