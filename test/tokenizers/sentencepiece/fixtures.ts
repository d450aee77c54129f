import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const FOLDER = new URL('../../fixtures/tokenizers/sentencepiece/', import.meta.url);

/** What the library gives for one text. */
export type Expectation = [ids: number[], decoded: string];

export const modelNames = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.model.gz'))
  .map((name) => name.replace('.model.gz', ''));

export function modelBytes(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`${name}.model.gz`, FOLDER)));
}

export function fixture<T>(name: string): T {
  return JSON.parse(gunzipSync(readFileSync(new URL(`${name}.json.gz`, FOLDER))).toString());
}
