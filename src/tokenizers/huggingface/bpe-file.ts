import { MAX_MERGES, type Merge, MergeTable } from '../merging/merge-table.js';
import type { Field } from './field.js';

/** The model `BPE` of a `tokenizer.json`, as the file gives it, with its merges looked up. */
export interface BpeFile {
  type: 'BPE';
  ids: ReadonlyMap<string, number>;
  table: MergeTable;
  /** The id of what is neither in the vocabulary nor made of bytes; undefined if there is none. */
  unknownId: number | undefined;
  /** Whether neighbouring unknown characters are one unknown token. */
  fuseUnknown: boolean;
  /** Whether characters outside the vocabulary become the tokens `<0x00>` … `<0xFF>` of their bytes. */
  byteFallback: boolean;
  /** Whether words that are tokens are never put together by merges. */
  ignoreMerges: boolean;
  /** What the vocabulary has before characters that do not begin a word, and behind those that end one. */
  continuingPrefix: string;
  endSuffix: string;
}

/** @throws TokenizerError if it is damaged, or has dropout */
export function readBpe(model: Field): BpeFile {
  const dropout = model.get('dropout');
  if (!dropout.isAbsent && dropout.value !== 0) {
    throw dropout.unsupported('dropout makes ids random, so what they stand for could not be relied on');
  }
  const ids = readVocabulary(model.get('vocab'));
  const unknown = model.get('unk_token');
  const continuingPrefix = model.get('continuing_subword_prefix').string('');
  return {
    type: 'BPE',
    ids,
    table: new MergeTable(readMerges(model.get('merges'), ids, continuingPrefix.length)),
    unknownId: unknown.isAbsent ? undefined : ids.get(unknown.string()),
    fuseUnknown: model.get('fuse_unk').boolean(false),
    byteFallback: model.get('byte_fallback').boolean(false),
    ignoreMerges: model.get('ignore_merges').boolean(false),
    continuingPrefix,
    endSuffix: model.get('end_of_word_suffix').string(''),
  };
}

function readVocabulary(field: Field): Map<string, number> {
  const vocabulary = field.object();
  const ids = new Map<string, number>();
  for (const name of Object.keys(vocabulary)) {
    const id = vocabulary[name];
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > 0x7fffffff) {
      throw field.damaged(`the id of ${JSON.stringify(name)} is not a number that is whole and not negative`);
    }
    ids.set(name, id as number);
  }
  return ids;
}

/** Merges are written as `"left right"`, or as `["left", "right"]` where tokens may have spaces in them. */
function readMerges(field: Field, ids: ReadonlyMap<string, number>, prefixLength: number): Merge[] {
  if (!Array.isArray(field.value)) throw field.damaged('a list of merges is missing');
  const list: unknown[] = field.value;
  if (list.length >= MAX_MERGES) throw field.unsupported(`more than ${MAX_MERGES - 1} merges are not supported`);
  return list.map((merge, rank) => {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(parts) || parts.length !== 2 || parts.some((part) => typeof part !== 'string')) {
      throw field.damaged(`merge ${rank} is not a pair of tokens: ${JSON.stringify(merge)}`);
    }
    const [left, right] = parts as [string, string];
    const idOf = (name: string): number => {
      const id = ids.get(name);
      if (id === undefined)
        throw field.damaged(`merge ${rank} is of ${JSON.stringify(name)}, which is not in the vocabulary`);
      return id;
    };
    return { left: idOf(left), right: idOf(right), rank, result: idOf(left + right.slice(prefixLength)) };
  });
}
