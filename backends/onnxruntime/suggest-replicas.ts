/** What a step is to be done on, and with. */
export interface StepOnMachine {
  /** Sequences of a micro-batch. */
  rows: number;
  /** Of all parameters. */
  parameterBytes: number;
  threads: number;
  /** Of the machine, in bytes. */
  memory: number;
}

/** What a further replica keeps, in multiples of the parameters: parameters, gradients twice, and a shared region. */
const COPIES = 4;

/** Smaller models were no faster in copies (docs/performance.md: evabyte-1m), and take longer to start. */
const LEAST_PARAMETER_BYTES = 8e6;

/** The share of the machine's memory that further replicas may take. */
const MEMORY_SHARE = 1 / 8;

/**
 * How many replicas train fastest: one a thread, since threads of one replica wait for each other after every operation,
 * and replicas only once a step; small models have one. Their number divides the rows, leaves as few threads idle as it can, and is bounded by
 * what copies of the model cost.
 */
export function suggestReplicas({ rows, parameterBytes, threads, memory }: StepOnMachine): number {
  let best = 1;
  if (parameterBytes < LEAST_PARAMETER_BYTES) return best;
  for (let replicas = 2; replicas <= Math.min(rows, threads); replicas++) {
    if (rows % replicas !== 0 || (replicas - 1) * COPIES * parameterBytes > MEMORY_SHARE * memory) continue;
    if (busyThreads(threads, replicas) >= busyThreads(threads, best)) best = replicas;
  }
  return best;
}

const busyThreads = (threads: number, replicas: number): number => replicas * Math.floor(threads / replicas);
