import type { EvaByteOptions } from '../models/evabyte/options.js';
import { CheckpointError } from '../support/errors.js';
import { BOS, BYTE_COUNT, RAW_OFFSET } from '../vocabulary/layout.js';
import { notFinite } from './model-faults.js';
import { exponential, power, turns } from './portable-arithmetic.js';
import { attend, type Cache } from './portable-attention.js';
import { addTo, dense, gateByUp, rmsNorm } from './portable-kernels.js';

/** What a portable model is made of. */
export interface PortableWeights {
  options: EvaByteOptions;
  /** Each parameter by its name, row-major. */
  tensors: ReadonlyMap<string, Float32Array>;
  /** All that determines the probabilities: they are the same on every machine. */
  fingerprint: string;
  /** For errors. */
  origin: string;
}

interface Layer {
  inputNorm: Float64Array;
  query: Float64Array;
  key: Float64Array;
  value: Float64Array;
  output: Float64Array;
  middleNorm: Float64Array;
  gate: Float64Array;
  up: Float64Array;
  down: Float64Array;
}

/**
 * A trained byte model in double precision, with a fixed order of operations and no functions of the platform: its
 * probabilities have the same bits on every machine, so that what one encodes another decodes. It is EvaByte within its
 * first window, where its attention is that of a plain causal Transformer (`src/models/evabyte/model.ts` is the same as a
 * tensor program), reading BOS and then bytes.
 */
export class PortableModel {
  readonly fingerprint: string;
  /** Symbols that a context holds, BOS among them: the predictions of this many bytes. */
  readonly contextLength: number;
  readonly options: EvaByteOptions;
  readonly origin: string;
  readonly layers: readonly Layer[];
  /** [ids, width] */
  readonly embedding: Float64Array;
  readonly finalNorm: Float64Array;
  /** Rows of the first head that predict bytes, [256, width]. */
  readonly head: Float64Array;
  /** Cosines and sines of the rotary angles by pair of dimensions, [positions] each. */
  readonly rotations: readonly { cosines: Float64Array; sines: Float64Array }[];

  /** @throws CheckpointError if a parameter is missing or has another size */
  constructor(weights: PortableWeights) {
    const { options } = weights;
    const { hiddenSize: D, intermediateSize: I, windowSize } = options;
    const read = (name: string, size: number): Float64Array => parameter(weights, name, size);
    const norm = (name: string): Float64Array => read(name, D).map((x) => (options.normUnitOffset ? x + 1 : x));
    this.options = options;
    this.fingerprint = weights.fingerprint;
    this.origin = weights.origin;
    this.contextLength = windowSize;
    this.layers = Array.from({ length: options.layers }, (_, index) => {
      const at = `layers.${index}`;
      return {
        inputNorm: norm(`${at}.input_layernorm.weight`),
        query: read(`${at}.self_attn.q_proj.weight`, D * D),
        key: read(`${at}.self_attn.k_proj.weight`, D * D),
        value: read(`${at}.self_attn.v_proj.weight`, D * D),
        output: read(`${at}.self_attn.o_proj.weight`, D * D),
        middleNorm: norm(`${at}.post_attention_layernorm.weight`),
        gate: read(`${at}.mlp.gate_proj.weight`, I * D),
        up: read(`${at}.mlp.up_proj.weight`, I * D),
        down: read(`${at}.mlp.down_proj.weight`, D * I),
      };
    });
    const needed = (RAW_OFFSET + BYTE_COUNT) * D;
    this.embedding = read('embed_tokens.weight', needed);
    this.finalNorm = norm('norm.weight');
    this.head = read('lm_head.weight', needed).subarray(RAW_OFFSET * D);
    const pairs = D / options.attentionHeads / 2;
    this.rotations = Array.from({ length: pairs }, (_, j) => turns(power(options.ropeTheta, -j / pairs), windowSize));
  }

  /** Contexts that are read in step, one byte of each at a time. */
  contexts(lanes: number): PortableContexts {
    return new PortableContexts(this, lanes);
  }
}

/** The first `size` numbers of a parameter: rows of ids that are no bytes come last, and are not needed. */
function parameter({ tensors, origin }: PortableWeights, name: string, size: number): Float64Array {
  const tensor = tensors.get(name);
  const problem = tensor === undefined ? 'is missing' : tensor.length < size ? 'is too small' : null;
  if (problem === null) return Float64Array.from(tensor!.subarray(0, size));
  throw new CheckpointError(`the parameter ${name} ${problem}`, {
    file: origin,
    field: name,
    hint: 'Use a checkpoint of a byte model, whose config.yaml is its own.',
  });
}

/**
 * Several independent contexts of a portable model at the same position. Begun with BOS, given one byte each a time, and
 * asked for the distribution of the next.
 */
export class PortableContexts {
  /** P(next byte) of each context, [lanes, 256]; valid until the next `predict`. */
  readonly probabilities: Float64Array;
  private position = 0;
  private readonly residual: Float64Array;
  private readonly normed: Float64Array;
  private readonly queries: Float64Array;
  private readonly attended: Float64Array;
  private readonly projected: Float64Array;
  private readonly gate: Float64Array;
  private readonly up: Float64Array;
  private readonly logits: Float64Array;
  private readonly scores: Float64Array;
  private readonly caches: Cache[];

  constructor(
    private readonly model: PortableModel,
    readonly lanes: number,
  ) {
    const { hiddenSize: D, intermediateSize: I } = model.options;
    const room = (dimensions: number): Float64Array => new Float64Array(dimensions * lanes);
    this.probabilities = room(BYTE_COUNT);
    this.residual = room(D);
    this.normed = room(D);
    this.queries = room(D);
    this.attended = room(D);
    this.projected = room(D);
    this.gate = room(I);
    this.up = room(I);
    this.logits = room(BYTE_COUNT);
    const capacity = model.contextLength;
    this.scores = room(capacity);
    this.caches = model.layers.map(() => {
      const entries = D * capacity * lanes;
      return { keys: new Float32Array(entries), values: new Float32Array(entries), capacity };
    });
  }

  /** Bytes that can be predicted before the contexts must begin anew. */
  get left(): number {
    return this.model.contextLength - this.position + 1;
  }

  /** Forgets what was read, and reads BOS. */
  begin(): void {
    this.position = 0;
    this.advance(() => BOS);
  }

  /** Reads one byte of each context. @throws RangeError if the contexts are full */
  read(bytes: Uint8Array): void {
    this.advance((lane) => RAW_OFFSET + bytes[lane]!);
  }

  /** Fills `probabilities` from what was read. @throws CheckpointError where the model's numbers are not finite */
  predict(): void {
    const { lanes, logits, probabilities } = this;
    const { finalNorm, head, options } = this.model;
    rmsNorm(this.residual, finalNorm, options.normEpsilon, this.normed, lanes);
    dense(head, this.normed, logits, lanes);
    for (let lane = 0; lane < lanes; lane++) {
      let highest = Number.NEGATIVE_INFINITY;
      for (let at = lane; at < logits.length; at += lanes) if (logits[at]! > highest) highest = logits[at]!;
      const row = lane * BYTE_COUNT;
      let total = 0;
      for (let byte = 0; byte < BYTE_COUNT; byte++) {
        const weight = exponential(logits[byte * lanes + lane]! - highest);
        probabilities[row + byte] = weight;
        total += weight;
      }
      if (!(total > 0)) throw notFinite(this.model.origin);
      for (let byte = 0; byte < BYTE_COUNT; byte++) probabilities[row + byte]! /= total;
    }
  }

  private advance(idOf: (lane: number) => number): void {
    const { model, lanes, residual, normed, position } = this;
    const { hiddenSize: D, normEpsilon } = model.options;
    if (position >= model.contextLength) throw new RangeError(`a context holds ${model.contextLength} symbols`);
    for (let lane = 0; lane < lanes; lane++) {
      const row = idOf(lane) * D;
      for (let i = 0; i < D; i++) residual[i * lanes + lane] = model.embedding[row + i]!;
    }
    for (const [index, layer] of model.layers.entries()) {
      rmsNorm(residual, layer.inputNorm, normEpsilon, normed, lanes);
      this.attention(layer, this.caches[index]!);
      dense(layer.output, this.attended, this.projected, lanes);
      addTo(residual, this.projected);
      rmsNorm(residual, layer.middleNorm, normEpsilon, normed, lanes);
      dense(layer.gate, normed, this.gate, lanes);
      dense(layer.up, normed, this.up, lanes);
      gateByUp(this.gate, this.up);
      dense(layer.down, this.gate, this.projected, lanes);
      addTo(residual, this.projected);
    }
    this.position++;
  }

  private attention(layer: Layer, cache: Cache): void {
    const { lanes, position, normed, queries, projected } = this;
    const { hiddenSize: D, attentionHeads } = this.model.options;
    const size = D / attentionHeads;
    dense(layer.query, normed, queries, lanes);
    this.rotate(queries);
    dense(layer.key, normed, projected, lanes);
    this.rotate(projected);
    cache.keys.set(projected, position * D * lanes);
    dense(layer.value, normed, projected, lanes);
    for (let d = 0; d < D; d++) {
      const to = (d * cache.capacity + position) * lanes;
      for (let lane = 0; lane < lanes; lane++) cache.values[to + lane] = projected[d * lanes + lane]!;
    }
    for (let from = 0; from < D; from += size)
      attend(queries, cache, { from, size, visible: position + 1, lanes }, this.scores, this.attended);
  }

  /** Rotary position embedding: the halves of each head's dimensions turn by position · θ^(−2j/d). */
  private rotate(x: Float64Array): void {
    const { lanes, position } = this;
    const { rotations, options } = this.model;
    const half = rotations.length;
    for (let head = 0; head < options.attentionHeads; head++)
      for (const [j, { cosines, sines }] of rotations.entries()) {
        const cosine = cosines[position]!;
        const sine = sines[position]!;
        const first = (2 * head * half + j) * lanes;
        for (let at = first; at < first + lanes; at++) {
          const a = x[at]!;
          const b = x[at + half * lanes]!;
          x[at] = a * cosine - b * sine;
          x[at + half * lanes] = b * cosine + a * sine;
        }
      }
  }
}
