import type { CropWindows } from '../../data/crops.js';
import { CheckpointError } from '../../support/errors.js';
import { cutCrops, type PositionCost, PositionTally } from './crops.js';
import type { ShownDocument } from './representation.js';
import type { Scorer } from './scorer.js';
import { addCost, type ContextSeen, type Cost, type DocumentCost, isText, noCost, ScoreTally } from './scores.js';
import { cutWindows, type Window } from './windows.js';

/** Batches that are prepared or running at a time: encoding goes on while the model computes. */
const BATCHES_IN_FLIGHT = 2;

export interface BpbRequest {
  scorer: Pick<Scorer, 'shape' | 'score'>;
  documents: AsyncIterable<ShownDocument> | Iterable<ShownDocument>;
  /** Symbols between windows, at most the scorer's context. */
  stride: number;
  /** Windows that begin anew instead, and abut. */
  crops?: boolean;
  /** Those at which crops begin; null: each is as long as it can be. */
  cropWindows?: CropWindows | null;
  /** Batches after which to stop; the bytes of a document that is cut count as far as it was scored. Default: all. */
  batches?: number;
  signal?: AbortSignal | undefined;
  /** Called for every document, in order. */
  onDocument?(document: DocumentCost): void | Promise<void>;
  /** Called after every batch. @param windows scored so far */
  onProgress?(windows: number): void;
}

export interface BpbMeasurement {
  total: Cost;
  /** Null where no symbol was scored. */
  context: ContextSeen | null;
  windows: number;
  /** Of crops. */
  positions: PositionCost[] | null;
}

/**
 * What coding the documents costs a model (behaviour §9): scores every window and adds up the labels that stand for
 * text. Memory does not grow with the data.
 *
 * @throws CheckpointError if the model gives a label no finite probability; the reason of `signal` when it is aborted;
 *   what `documents` throws
 */
export async function evaluateBpb(request: BpbRequest): Promise<BpbMeasurement> {
  const { scorer, documents, stride, crops = false, cropWindows = null, signal, onDocument, onProgress } = request;
  const { context } = scorer.shape;
  const tally = new ScoreTally(scorer.shape.documentMask);
  const total = noCost();
  let windows = 0;
  const windowsOf = crops
    ? cutCrops(documents, { context, windows: cropWindows })
    : cutWindows(documents, { context, stride });
  const positions = crops ? new PositionTally(context) : null;
  const limited = take(batched(windowsOf, scorer.shape.rows), request.batches ?? Number.POSITIVE_INFINITY);
  for await (const { batch, scores } of scoreAhead(limited, scorer)) {
    signal?.throwIfAborted();
    for (const [row, window] of batch.entries()) {
      positions?.add(window, scores[row]!, isText);
      for (const document of tally.add(window, scores[row]!)) {
        requireFinite(document);
        addCost(total, document);
        await onDocument?.(document);
      }
    }
    windows += batch.length;
    onProgress?.(windows);
  }
  const partial = tally.partial();
  if (partial !== null) {
    requireFinite(partial);
    addCost(total, partial);
  }
  return { total, context: tally.contextSeen(), windows, positions: positions?.costs() ?? null };
}

async function* batched(windows: AsyncIterable<Window>, size: number): AsyncGenerator<Window[]> {
  let batch: Window[] = [];
  for await (const window of windows) {
    batch.push(window);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let taken = 0;
  for await (const item of items) {
    yield item;
    if (++taken >= count) return;
  }
}

interface ScoredBatch {
  batch: Window[];
  scores: Float32Array[];
}

/** Scores batches in order, with several of them in the session's queue. */
async function* scoreAhead(
  batches: AsyncIterable<Window[]>,
  scorer: BpbRequest['scorer'],
): AsyncGenerator<ScoredBatch> {
  const running: Promise<ScoredBatch>[] = [];
  try {
    for await (const batch of batches) {
      const scored = scorer.score(batch).then((scores) => ({ batch, scores }));
      // Whoever awaits it gets the failure; until then it is not unhandled.
      scored.catch(() => {});
      running.push(scored);
      if (running.length >= BATCHES_IN_FLIGHT) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}

function requireFinite({ nats, endingNats, identity }: DocumentCost): void {
  if (Number.isFinite(nats) && Number.isFinite(endingNats)) return;
  throw new CheckpointError(`the model gives no finite probability to document ${identity.index}`, {
    file: identity.source,
    hint: 'Its training diverged, or its weights are damaged: evaluate an earlier checkpoint.',
  });
}
