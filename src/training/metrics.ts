import { type BatchStatistics, rawShare, sumStatistics } from '../data/batch-statistics.js';
import type { StepResult } from './training-session.js';

/** What a run has trained on so far; kept in checkpoints. */
export interface Totals {
  symbols: number;
  /** Bytes of text that the symbols stand for. */
  bytes: number;
  documents: number;
}

/** Figures of a run, means over the steps since the line before except where a name says otherwise; NaN: unknown. */
export interface TrainingMetrics extends Record<string, number> {
  /** What is minimised, nats. */
  loss: number;
  /** Bits that head 0 would need for a batch's symbols, per byte of the text they stand for. */
  bits_per_byte: number;
  learning_rate: number;
  grad_norm: number;
  /** Symbols a second. */
  tokens_per_second: number;
  bytes_per_second: number;
  /** Share of the measured rate of matrix products. */
  share_of_peak: number;
  /** Share of the time that was spent waiting for data. */
  data_wait: number;
  /** As the schedule asks. */
  compression_rate: number;
  raw_share_documents: number;
  raw_share_bytes: number;
  raw_share_symbols: number;
  total_symbols: number;
  total_bytes: number;
}

interface Recorded {
  result: StepResult;
  statistics: BatchStatistics;
  learningRate: number;
  compressionRate: number;
  /** Milliseconds: of the whole step, and of waiting for its batch. */
  duration: number;
  wait: number;
}

/** Gathers steps until a line is due. */
export class MetricsWindow {
  private steps: Recorded[] = [];

  /**
   * @param symbolsPerStep over all processes
   * @param flopsPerSymbol of a step, forward and backward, given the share of raw symbols
   * @param peak floating-point operations a second; null: unknown
   */
  constructor(
    private readonly symbolsPerStep: number,
    private readonly flopsPerSymbol: (rawShare: number) => number,
    private readonly peak: number | null,
  ) {}

  record(step: Recorded): void {
    this.steps.push(step);
  }

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** The figures of the steps since the last call; the window is empty afterwards. */
  take(totals: Totals): TrainingMetrics {
    const steps = this.steps;
    this.steps = [];
    const last = steps.at(-1)!;
    const total = (of: (one: Recorded) => number) => steps.reduce((sum, one) => sum + of(one), 0);
    const mean = (of: (one: Recorded) => number) => total(of) / steps.length;
    const seconds = total(({ duration }) => duration) / 1000;
    const statistics = sumStatistics(steps.map((one) => one.statistics));
    const bytes = statistics.raw.bytes + statistics.compressed.bytes;
    const symbols = steps.length * this.symbolsPerStep;
    const share = rawShare(statistics);
    const flops = symbols * this.flopsPerSymbol(share.symbols ?? 0);
    const headLosses = last.result.headLosses.map((_, head): [string, number] => [
      `loss_head_${head}`,
      mean(({ result }) => result.headLosses[head]!),
    ]);
    return {
      loss: mean(({ result }) => result.loss),
      bits_per_byte: bytes > 0 ? total(({ result }) => result.nats) / Math.LN2 / bytes : Number.NaN,
      ...(headLosses.length > 1 ? Object.fromEntries(headLosses) : {}),
      learning_rate: last.learningRate,
      grad_norm: mean(({ result }) => result.gradientNorm),
      tokens_per_second: symbols / seconds,
      bytes_per_second: bytes / seconds,
      share_of_peak: this.peak === null ? Number.NaN : flops / seconds / this.peak,
      data_wait: total(({ wait }) => wait) / total(({ duration }) => duration),
      compression_rate: last.compressionRate,
      raw_share_documents: share.documents ?? Number.NaN,
      raw_share_bytes: share.bytes ?? Number.NaN,
      raw_share_symbols: share.symbols ?? Number.NaN,
      total_symbols: totals.symbols,
      total_bytes: totals.bytes,
    };
  }
}
