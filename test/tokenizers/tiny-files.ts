/** Small `tokenizer.json` files to try one part at a time. */

type Json = Record<string, unknown>;

/** The characters that stand for bytes, in order. */
export const BYTES: string[] = (() => {
  const visible = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(visible(byte) ? byte : 256 + hidden++));
})();

const PAIRS = ['a a', 'aa aa', 'Ġ Ġ', 'h e', 'l l', 'he ll', 'hell o', 'Ċ Ċ', 'Ã ©', "' s", '1 2', 'Ġ a', 'Ġ hello'];

/** A file with this model and, of the other parts, these. */
export function modelFile(model: Json, parts: Json): string {
  const empty = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    ...empty,
    ...parts,
    model,
  });
}

/** All bytes and a few merges. */
export function byteLevelFile(parts: Json, model: Json = {}): string {
  const names = [...BYTES, ...PAIRS.map((pair) => pair.replace(' ', ''))];
  const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  return modelFile({ type: 'BPE', vocab, merges: PAIRS, ...model }, parts);
}

/** Some characters, a token for what is unknown, tokens of bytes and a few merges. */
export function characterFile(parts: Json, model: Json = {}): string {
  const pairs = ['a a', 'aa aa', '▁ a', '▁ ▁', 'h e', 'l l', 'he ll', 'hell o', '▁ hello', 'e ́', '中 文'];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const characters = Array.from(' ▁abcdefghijklmnopqrstuvwxyzABC0123456789.,;\n\té́中文🎉ß');
  const names = ['<unk>', ...bytes, ...characters, ...pairs.map((pair) => pair.replace(' ', ''))];
  const vocab = Object.fromEntries(names.map((name, id) => [name, id]));
  return modelFile(
    { type: 'BPE', vocab, merges: pairs, unk_token: '<unk>', fuse_unk: true, byte_fallback: true, ...model },
    parts,
  );
}

/** An added token with the library's defaults. */
export function addedToken(id: number, content: string, options: Json = {}): Json {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  return { id, content, ...plain, ...options };
}
