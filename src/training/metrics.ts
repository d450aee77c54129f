import { type BatchStatistics, emptyStatistics, rawShare, sumStatistics } from '../data/batch-statistics.js';
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

/** What one step adds. */
interface Recorded {
  result: StepResult;
  statistics: BatchStatistics;
  learningRate: number;
  compressionRate: number;
  /** Milliseconds: of the whole step, and of waiting for its batch. */
  duration: number;
  wait: number;
}

/** Sums over the steps since the last line. Plain data: checkpoints keep it, so that a resumed run writes the same lines. */
export interface MetricsSums {
  steps: number;
  loss: number;
  headLosses: number[];
  nats: number;
  gradientNorm: number;
  statistics: BatchStatistics;
  /** Of the last step. */
  learningRate: number;
  compressionRate: number;
  /** Milliseconds. */
  duration: number;
  wait: number;
}

export function emptySums(): MetricsSums {
  return {
    steps: 0,
    loss: 0,
    headLosses: [],
    nats: 0,
    gradientNorm: 0,
    statistics: emptyStatistics(),
    learningRate: Number.NaN,
    compressionRate: Number.NaN,
    duration: 0,
    wait: 0,
  };
}

/** Gathers steps until a line is due. */
export class MetricsWindow {
  /**
   * @param symbolsPerStep over all processes
   * @param flopsPerSymbol of a step, forward and backward, given the share of raw symbols
   * @param rawHeads of the model
   * @param peak floating-point operations a second; null: unknown
   * @param sums of the steps that were done before a resumed run stopped
   */
  constructor(
    private readonly symbolsPerStep: number,
    private readonly flopsPerSymbol: (rawShare: number) => number,
    private readonly rawHeads: number,
    private readonly peak: number | null,
    private sums: MetricsSums = emptySums(),
  ) {}

  record({ result, statistics, learningRate, compressionRate, duration, wait }: Recorded): void {
    const { sums } = this;
    this.sums = {
      steps: sums.steps + 1,
      loss: sums.loss + result.loss,
      headLosses: result.headLosses.map((loss, head) => (sums.headLosses[head] ?? 0) + loss),
      nats: sums.nats + result.nats,
      gradientNorm: sums.gradientNorm + result.gradientNorm,
      statistics: sumStatistics([sums.statistics, statistics]),
      learningRate,
      compressionRate,
      duration: sums.duration + duration,
      wait: sums.wait + wait,
    };
  }

  /** What has been recorded since the last line. */
  get state(): MetricsSums {
    return this.sums;
  }

  /** The figures of the steps since the last call; the window is empty afterwards. */
  take(totals: Totals): TrainingMetrics {
    const figures = this.figures(totals);
    this.sums = emptySums();
    return figures;
  }

  /** The figures of the steps so far. */
  figures(totals: Totals): TrainingMetrics {
    const { steps, headLosses, statistics, duration, wait, ...sums } = this.sums;
    const seconds = duration / 1000;
    const bytes = statistics.raw.bytes + statistics.compressed.bytes;
    const symbols = steps * this.symbolsPerStep;
    const share = rawShare(statistics);
    const flops = symbols * this.flopsPerSymbol(share.symbols ?? 0);
    const byHead = headLosses.map((loss, head): [string, number] => [`loss_head_${head}`, loss / steps]);
    return {
      loss: sums.loss / steps,
      bits_per_byte: bytes > 0 ? sums.nats / Math.LN2 / bytes : Number.NaN,
      ...(byHead.length > 1 ? Object.fromEntries(byHead) : {}),
      learning_rate: sums.learningRate,
      grad_norm: sums.gradientNorm / steps,
      tokens_per_second: symbols / seconds,
      bytes_per_second: bytes / seconds,
      share_of_peak: this.peak === null ? Number.NaN : flops / seconds / this.peak,
      data_wait: wait / duration,
      compression_rate: sums.compressionRate,
      raw_share_documents: share.documents ?? Number.NaN,
      raw_share_bytes: share.bytes ?? Number.NaN,
      raw_share_symbols: share.symbols ?? Number.NaN,
      ...(this.rawHeads > 0 && { literals_as_raw: statistics.literalsAsRaw / steps }),
      total_symbols: totals.symbols,
      total_bytes: totals.bytes,
    };
  }
}
