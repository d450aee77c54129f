import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';

/** Files by their path in a new temporary folder, which goes away after the test. */
export function temporaryData(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pc-data-'));
  folders.push(folder);
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

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
