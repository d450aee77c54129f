import { UsageError } from '../../support/errors.js';

/** The names of `--compressor NAME,NAME`. @throws UsageError for an empty name, or one that is given twice */
export function compressorNames(list: string): string[] {
  const names = list.split(',').map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (names.includes('') || twice !== undefined)
    throw new UsageError(
      twice === undefined ? `--compressor ${list} has an empty name` : `--compressor names ${twice} twice`,
      { hint: 'Write names separated by commas, such as --compressor gzip,halfbyte.' },
    );
  return names;
}
