import { commandLineSource } from './command-line.js';

/**
 * The options of one compressor that stand on the command line, `--set compressors.NAME.key=value`, and nowhere else: for
 * files that bring their own, which no project's configuration may change.
 *
 * @throws UsageError for a setting without a name or value, or given twice
 */
export function compressorSettings(assignments: readonly string[], name: string): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const { path, value } of commandLineSource(assignments, []).settings) {
    const [section, compressor, key, ...deeper] = path;
    if (section === 'compressors' && compressor === name && key !== undefined && deeper.length === 0)
      options[key] = value;
  }
  return options;
}
