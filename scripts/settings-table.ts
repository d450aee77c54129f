import { configFields, type Field } from '../src/config/fields.js';
import { dotted } from '../src/config/setting.js';

/** Every setting as a Markdown table, for docs/configuration.md; each architecture is followed by its own. */
export function settingsTable(): string {
  const rows = configFields()
    .filter(({ path }) => dotted(path) !== 'model')
    .map((field) => [`\`${dotted(field.path)}\``, escaped(field.type), defaultOf(field), meaningOf(field)])
    .map((cells) => `| ${cells.join(' | ')} |`);
  return ['| setting | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function choosesArchitecture({ path }: Field): boolean {
  return dotted(path) === 'model.architecture';
}

function defaultOf(field: Field): string {
  if (choosesArchitecture(field)) return '–';
  return field.default === undefined ? 'must be given' : `\`${JSON.stringify(field.default)}\``;
}

function meaningOf(field: Field): string {
  return choosesArchitecture(field) ? 'has the settings that follow' : escaped(field.description);
}

/** A bar would end the cell, and what stands in angle brackets would be a tag. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
