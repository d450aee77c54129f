import {
  PretokenCounter,
  type PretokenSource,
  PretokenTable,
  pretokensOfTable,
  splitterOf,
} from '../../../src/tokenizers/training/index.js';

/** Texts as a corpus, counted in this thread. */
export function corpusOf(texts: readonly string[]): PretokenSource {
  return {
    async count(pattern) {
      const table = new PretokenTable();
      const counter = new PretokenCounter(table, splitterOf(pattern));
      for (const text of texts) counter.add(Buffer.from(text));
      return pretokensOfTable(table);
    },
  };
}
