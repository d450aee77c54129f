import { createHash } from 'node:crypto';
import { float32Values, type HostTensor, makeProgram } from '../../graph/index.js';
import type { LanguageModel } from '../../models/index.js';
import { buildInputs } from '../../models/inputs.js';
import type { Executable, Session } from '../../plugins/contracts.js';
import { ConfigError } from '../../support/errors.js';
import { EOS } from '../../vocabulary/layout.js';
import type { Window } from './windows.js';

export interface ScorerShape {
  /** Windows of one run of the program. */
  rows: number;
  /** Symbols of a window that the model reads, N. */
  context: number;
  documentMask: boolean;
}

/** The program that scores windows, loaded into a session that holds the model's parameters. */
export class Scorer {
  private constructor(
    readonly shape: ScorerShape,
    /** SHA-256 of what is computed, without the parameters. */
    readonly digest: string,
    private readonly program: Executable,
  ) {}

  /** @throws ConfigError for a context that the model cannot read; BackendError if the program does not fit in memory */
  static async open(session: Session, model: LanguageModel, shape: ScorerShape): Promise<Scorer> {
    requireContext(shape.context, model.lengthMultiple);
    const batch = { rows: shape.rows, sequenceLength: shape.context };
    const scores = model.scores(batch, { documentMask: shape.documentMask });
    const program = makeProgram({ outputs: { scores } });
    const digest = createHash('sha256').update(JSON.stringify(program)).digest('hex');
    return new Scorer(shape, digest, await session.load(program));
  }

  /**
   * −log p of every label of every window in nats, by head 0 over the whole vocabulary: [N] for each.
   *
   * @param windows at most `rows`; the rows that are left are padding
   */
  async score(windows: readonly Window[]): Promise<Float32Array[]> {
    const { rows, context, documentMask } = this.shape;
    const sequences = new Int32Array(rows * (context + 1)).fill(EOS, windows.length * (context + 1));
    for (const [row, { ids }] of windows.entries()) sequences.set(ids, row * (context + 1));
    const inputs = buildInputs(
      { rows, sequenceLength: context, views: 2, documentMask, multibyteWeights: null },
      sequences,
    );
    const labels: HostTensor = { ...inputs.labels!, shape: [rows, context] };
    const [outputs] = await this.program.run([{ ...inputs, labels }]);
    const scores = float32Values(outputs!.scores!);
    return windows.map((_, row) => scores.subarray(row * context, (row + 1) * context));
  }

  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

/** @throws ConfigError if the model cannot read windows of this length */
export function requireContext(context: number, lengthMultiple: number): void {
  if (context % lengthMultiple === 0) return;
  const below = Math.floor(context / lengthMultiple) * lengthMultiple;
  const above = below + lengthMultiple;
  throw new ConfigError(`a context of ${context} symbols is not a multiple of ${lengthMultiple}, the model's window`, {
    field: 'bpb.context',
    hint: `Use a multiple of ${lengthMultiple}, for example --context ${below > 0 ? `${below} or ${above}` : above}.`,
  });
}
