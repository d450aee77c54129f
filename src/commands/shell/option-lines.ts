import type { OptionDescription } from '../../plugins/plugin-options.js';
import { alignColumns } from './table.js';

/**
 * The options of a plugin, one a line, and how they are set.
 *
 * @param path where they stand in the configuration: `compressors.gzip`, `backend`
 */
export function optionLines(options: readonly OptionDescription[], path: string): string[] {
  if (options.length === 0) return ['', 'It has no options.'];
  const rows = options.map((option) => [
    `  ${option.name}`,
    option.type,
    option.default === undefined ? '' : `default ${JSON.stringify(option.default)}`,
    option.description ?? '',
  ]);
  const how = `Set them by --set ${path}.OPTION=VALUE or in the configuration file.`;
  return ['', 'Options:', ...alignColumns(rows), '', how];
}
