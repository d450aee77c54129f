import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Files by their path in a new folder that is removed when the running test ends. */
export function temporaryData(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Records of JSONL, one text each. */
export function jsonl(texts: Iterable<string>): string {
  let lines = '';
  for (const text of texts) lines += `${JSON.stringify({ text })}\n`;
  return lines;
}

/** `count` different texts of different lengths. */
export function numberedTexts(count: number, prefix = 'document'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i} ${'abc '.repeat((i * 7) % 23)}`);
}
