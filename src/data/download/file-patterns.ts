import { DownloadError } from '../../support/errors.js';

/**
 * A pattern of paths as dataset cards have them: `*` and `?` stay within a folder, `**` does not, `[…]` is one of
 * several characters, `{a,b}` one of several texts.
 *
 * @throws DownloadError if it means nothing, as `[z-a]` does
 */
export function pathPattern(pattern: string): RegExp {
  let expression = '';
  let braces = 0;
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i);
    const set = /^\[(!?)([^\]]+)\]/.exec(rest);
    if (rest.startsWith('**/')) {
      expression += '(?:.*/)?';
      i += 2;
    } else if (rest.startsWith('**')) {
      expression += '.*';
      i += 1;
    } else if (set !== null) {
      expression += `[${set[1] === '' ? '' : '^'}${set[2]!.replace(/[\\^[\]]/g, '\\$&')}]`;
      i += set[0].length - 1;
    } else if (pattern[i] === '{' && rest.includes('}')) {
      expression += '(?:';
      braces++;
    } else if (pattern[i] === '}' && braces > 0) {
      expression += ')';
      braces--;
    } else if (pattern[i] === ',' && braces > 0) {
      expression += '|';
    } else {
      expression += WILDCARDS[pattern[i]!] ?? pattern[i]!.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    }
  }
  try {
    return new RegExp(`^${expression}$`, 'u');
  } catch (cause) {
    throw new DownloadError(`the card of the dataset has a pattern of files that means nothing: ${pattern}`, {
      hint: 'Choose another --config-name, or another --revision.',
      cause,
    });
  }
}

const WILDCARDS: Readonly<Record<string, string>> = { '*': '[^/]*', '?': '[^/]' };
