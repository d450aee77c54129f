import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textDocuments } from '../../src/data/text-documents.js';
import { bytesOf } from '../inspection/compressors.js';

async function divided(chunks: Iterable<Uint8Array>, limit: number): Promise<Buffer[]> {
  const documents: Buffer[] = [];
  for await (const document of textDocuments(chunks, limit)) documents.push(Buffer.from(document));
  return documents;
}

const dividedText = async (text: string, limit: number): Promise<string[]> =>
  (await divided([bytesOf(text)], limit)).map((document) => document.toString('utf8'));

describe('the documents of a text', () => {
  it('are one for a text up to the limit, and for an empty one', async () => {
    expect(await dividedText('abc\ndef\n', 8)).toEqual(['abc\ndef\n']);
    expect(await dividedText('', 8)).toEqual(['']);
  });

  it('end with the last line that fits', async () => {
    expect(await dividedText('ab\ncd\nefgh\ni', 8)).toEqual(['ab\ncd\n', 'efgh\ni']);
  });

  it('end between characters where no line fits', async () => {
    expect(await dividedText('€€€€', 8)).toEqual(['€€', '€€']);
    expect(await dividedText('abcdefghij', 8)).toEqual(['abcdefg', 'hij']);
  });

  it('make up the text, however it arrives, and none is longer than the limit', async () => {
    const chunk = fc.uint8Array({ maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 10 }), fc.integer({ min: 4, max: 30 }), async (chunks, limit) => {
        const text = Buffer.concat(chunks);
        const documents = await divided(chunks, limit);
        expect(Buffer.concat(documents)).toEqual(text);
        expect(await divided([text], limit)).toEqual(documents);
        for (const { length } of documents) expect(length).toBeLessThanOrEqual(limit);
      }),
    );
  });
});
