/** Figures of a run by name, in the order they are written. A figure that is not finite is written as null. */
export type Metrics = Readonly<Record<string, number>>;

/**
 * Where a run's figures go. `step` counts the optimizer steps done. Calls follow each other: the next is made when the
 * last has ended.
 */
export interface MetricsLogger {
  log(step: number, metrics: Metrics): Promise<void>;
  /** Writes what is buffered and closes files and processes. */
  close(): Promise<void>;
}

/** What a figure of `metrics.jsonl` means, for those who show it. */
export interface MetricDescription {
  title: string;
  unit: string;
}

/** The figures that training writes. Others may stand beside them: statistics of a probe, losses by head. */
export const METRICS = {
  loss: { title: 'Training loss', unit: 'nats' },
  bits_per_byte: { title: 'Training bits per byte', unit: 'bits' },
  learning_rate: { title: 'Learning rate', unit: '' },
  grad_norm: { title: 'Gradient norm', unit: '' },
  tokens_per_second: { title: 'Symbols a second', unit: '1/s' },
  bytes_per_second: { title: 'Bytes a second', unit: 'B/s' },
  share_of_peak: { title: 'Share of the peak rate', unit: 'share' },
  data_wait: { title: 'Time spent waiting for data', unit: 'share' },
  compression_rate: { title: 'Compression rate', unit: 'share' },
  raw_share_documents: { title: 'Raw share of documents', unit: 'share' },
  raw_share_bytes: { title: 'Raw share of bytes', unit: 'share' },
  raw_share_symbols: { title: 'Raw share of symbols', unit: 'share' },
  literals_as_raw: { title: 'Literals taken for raw text', unit: '' },
  total_symbols: { title: 'Symbols trained on', unit: '' },
  total_bytes: { title: 'Bytes trained on', unit: 'B' },
  validation_loss: { title: 'Validation loss', unit: 'nats' },
  validation_bits_per_byte: { title: 'Validation bits per byte', unit: 'bits' },
} as const satisfies Record<string, MetricDescription>;

export type MetricName = keyof typeof METRICS;

/** Writes the same figures to several places, one after the other. */
export function allLoggers(loggers: readonly MetricsLogger[]): MetricsLogger {
  return {
    async log(step, metrics) {
      for (const logger of loggers) await logger.log(step, metrics);
    },
    async close() {
      const results = await Promise.allSettled(loggers.map((logger) => logger.close()));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
