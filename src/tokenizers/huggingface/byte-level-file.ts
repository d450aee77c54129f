/** What differs between files of byte-level BPE. */
export interface ByteLevelFile {
  /** Special tokens, by id. */
  specials: readonly { id: number; content: string }[];
  preTokenizer: object;
  postProcessor: object | null;
  decoder: object;
  vocabulary: Readonly<Record<string, number>>;
  /** Pairs of tokens, the earliest merge first. */
  merges: readonly (readonly [string, string])[];
}

/** Content of a `tokenizer.json` of byte-level BPE, with all fields in the order in which Hugging Face's library writes them. */
export function byteLevelFile(file: ByteLevelFile): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: file.specials.map(({ id, content }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: file.preTokenizer,
    post_processor: file.postProcessor,
    decoder: file.decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: file.vocabulary,
      merges: file.merges,
    },
  };
}
