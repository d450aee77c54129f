import type { Codebook } from '../../neural-coding/codebook.js';
import { readCodebook } from '../../neural-coding/codebook-file.js';
import { compileCodebook } from '../../neural-coding/compile-codebook.js';
import { replayFrequencies } from '../../neural-coding/frequencies-file.js';
import type { WindowParameters } from '../../neural-coding/parameters.js';
import { formatOf } from '../../neural-coding/phrase-counts.js';
import { WindowDecoder } from '../../neural-coding/window-decoder.js';
import { WindowEncoder } from '../../neural-coding/window-encoder.js';
import { CodebookError, type ErrorLocation } from '../../support/errors.js';
import { type MeasuredText, watchedDocuments } from './measure.js';

/** What was checked and found right. */
export interface CodebookVerification extends WindowParameters {
  path: string;
  fingerprint: string;
  /** Strings of the trie. */
  strings: number;
  /** Codes that belong to one phrase, and to several. */
  codes: { unique: number; shared: number };
  /** Whether it was compiled again, from recorded frequencies. */
  recompiled: boolean;
  /** Documents that came back; null without data. */
  documents: number | null;
  bytes: number | null;
}

export interface VerifyOptions {
  /** A file of the frequencies that it was compiled from. */
  frequencies: string | null;
  data: MeasuredText | null;
  signal?: AbortSignal | undefined;
  progress?(bytes: number): void;
}

/**
 * Reads a codebook, which checks its checksum, trie and codes, and encodes and decodes with it: all single bytes, all pairs
 * of bytes, and documents if there are some. With the frequencies that it was compiled from it is compiled again.
 *
 * @throws CodebookError for what is wrong with the file, a byte without a code, or text that does not come back; DataError
 *   for the data; the signal's reason
 */
export async function verifyCodebook(
  path: string,
  { data, frequencies, ...watch }: VerifyOptions,
): Promise<CodebookVerification> {
  const codebook = await readCodebook(path);
  const roundTrip = new RoundTrip(codebook, path);
  for (let byte = 0; byte < 256; byte++) roundTrip.checkByte(byte);
  await roundTrip.check(everyPair());
  if (frequencies !== null) await recompile(codebook, { path, frequencies, signal: watch.signal });
  let [documents, bytes] = [0, 0];
  if (data !== null) {
    for await (const document of watchedDocuments(data, watch)) {
      await roundTrip.check(document.bytes, document.locate);
      documents++;
      bytes += document.bytes.length;
    }
  }
  const { fingerprint, windowBits, coder } = codebook;
  return {
    path,
    fingerprint,
    windowBits,
    coder,
    strings: codebook.codes.length - 1,
    codes: roundTrip.codes(),
    recompiled: frequencies !== null,
    documents: data === null ? null : documents,
    bytes: data === null ? null : bytes,
  };
}

interface Recompilation {
  path: string;
  frequencies: string;
  signal?: AbortSignal | undefined;
}

/** @throws CodebookError if the frequencies make another codebook */
async function recompile(codebook: Codebook, { path, frequencies, signal }: Recompilation): Promise<void> {
  const { fingerprint, provenance } = codebook;
  const again = await replayFrequencies(frequencies, (recorded) =>
    compileCodebook(recorded, codebook, { provenance, signal }),
  );
  if (again.fingerprint === fingerprint) return;
  throw new CodebookError(`the frequencies of ${frequencies} make another codebook`, {
    file: path,
    hint: 'Give the file that was written with this codebook.',
  });
}

class RoundTrip {
  private readonly encoder: WindowEncoder;
  private readonly decoder: WindowDecoder;

  constructor(
    private readonly codebook: Codebook,
    private readonly path: string,
  ) {
    const format = formatOf(codebook);
    this.encoder = new WindowEncoder(codebook, format);
    this.decoder = new WindowDecoder(codebook, format, this.encoder.phrases);
  }

  checkByte(byte: number): void {
    if (this.encoder.parse(Uint8Array.of(byte))[0]! < 256)
      throw this.fault(`the byte ${byte} has no code of its own: where it begins no longer phrase, it is a literal`);
  }

  async check(bytes: Uint8Array, locate?: () => Promise<ErrorLocation>): Promise<void> {
    const decoded = this.decoder.decode(this.encoder.encode(bytes));
    if (Buffer.compare(decoded, bytes) === 0) return;
    const { file, line } = (await locate?.()) ?? {};
    const what = file === undefined ? 'pairs of bytes' : `the document at ${file}:${line}`;
    throw this.fault(`${what} did not come back from encoding`);
  }

  codes(): CodebookVerification['codes'] {
    const { firstOf } = this.encoder.phrases;
    const codes = { unique: 0, shared: 0 };
    for (let code = 0; code < 2 ** this.codebook.windowBits; code++) {
      const phrases = firstOf[code + 1]! - firstOf[code]!;
      if (phrases === 1) codes.unique++;
      else if (phrases > 1) codes.shared++;
    }
    return codes;
  }

  private fault(what: string): CodebookError {
    return new CodebookError(what, { file: this.path, hint: 'Build the codebook anew, and report this.' });
  }
}

/** All 65,536 pairs of bytes, one after the other. */
function everyPair(): Uint8Array {
  const bytes = new Uint8Array(2 * 65_536);
  for (let pair = 0; pair < 65_536; pair++) {
    bytes[2 * pair] = pair >>> 8;
    bytes[2 * pair + 1] = pair & 0xff;
  }
  return bytes;
}
