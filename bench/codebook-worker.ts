import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { readCodebook } from '../src/neural-coding/codebook-file.js';
import { WindowEncoder } from '../src/neural-coding/window-encoder.js';
import type { EncodingShare } from './codebook.js';

/** Encodes its share of the documents as often as it is told to, and says when it has. */
const { codebook, symbolBits, documents } = workerData as EncodingShare;
const encoder = new WindowEncoder(await readCodebook(codebook), { symbolBits, numbering: 'sparse' });
for (;;) {
  parentPort!.postMessage('ready');
  const [more] = (await once(parentPort!, 'message')) as [boolean];
  if (!more) break;
  for (const document of documents) encoder.encode(document);
}
parentPort!.close();
