import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument, type ScalarTag, type Tags } from 'yaml';
import { ConfigError } from '../support/errors.js';
import type { SettingPath } from './setting.js';

/**
 * YAML 1.2 and, as in the reference's files, integers grouped by underscores: `60_000`. Plain `9e-4` and `True` are
 * part of the core schema already.
 */
const groupedInteger: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?[0-9]+(?:_[0-9]+)+$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

/** Options for reading and for writing: a string that looks like a grouped integer is written in quotes. */
export const YAML_OPTIONS = {
  version: '1.2',
  customTags: (tags: Tags): Tags => [groupedInteger, ...tags],
} as const;

/** The content of a YAML or JSON file, and where in it each key was written. */
export interface LocatedYaml {
  value: unknown;
  /** 1-based line of the key at a path, or of the nearest mapping around it. */
  lineOf(path: SettingPath): number | undefined;
}

/**
 * Parses one YAML document; JSON is a subset of it.
 *
 * @param file as named in errors
 * @throws ConfigError at the line of a syntax error or of a key written twice
 */
export function parseLocatedYaml(text: string, file: string): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines, prettyErrors: false });
  const failure = document.errors[0];
  if (failure)
    throw new ConfigError(`this is not valid YAML: ${failure.message}`, {
      file,
      line: lines.linePos(failure.pos[0]).line,
      hint: 'Check the indentation, quotes and brackets around this line.',
    });

  const lineOf = (path: SettingPath): number | undefined => {
    let node: Node | null | undefined = document.contents;
    let offset: number | undefined;
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(document);
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (!pair) break;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value as Node | null;
    }
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  return { value: document.toJS() as unknown, lineOf };
}

/**
 * The value that a user typed after `=`, read as YAML: `0.9` is a number, `true` a boolean, `{a: 1}` a mapping; what is
 * no YAML is a string.
 */
export function parseTypedValue(text: string): unknown {
  const document = parseDocument(text, { ...YAML_OPTIONS, prettyErrors: false });
  return document.errors.length > 0 ? text : (document.toJS() as unknown);
}
