import {
  add,
  concat,
  divide,
  elementCount,
  float32Values,
  gradients,
  hostTensor,
  makeProgram,
  max,
  maximum,
  mean,
  multiply,
  type Node,
  negate,
  type Program,
  reshape,
  scalar,
  sqrt,
  subtract,
} from '../graph/index.js';
import type { BatchShape, LanguageModel, LossGraphOptions } from '../models/index.js';
import type { Executable, Inputs, Session } from '../plugins/contracts.js';

/** Moments of one tensor's elements. */
export interface ProbeStatistics {
  mean: number;
  std: number;
  /** Largest absolute value. */
  largest: number;
  skewness: number;
  /** Excess kurtosis: 0 for a normal distribution. */
  kurtosis: number;
}

/** One line of probe.jsonl. */
export interface ProbeReport {
  step: number;
  activations: Record<string, ProbeStatistics>;
  /** Gradients of the loss with respect to the activations. */
  activationGradients: Record<string, ProbeStatistics>;
  parameters: Record<string, ProbeStatistics>;
  gradients: Record<string, ProbeStatistics>;
}

type Kind = Exclude<keyof ProbeReport, 'step'>;
const MOMENTS = ['mean', 'std', 'largest', 'skewness', 'kurtosis'] as const;

/** Looks at a model in the middle of training without changing it: statistics are computed where the tensors are. */
export class Probe {
  private constructor(private readonly executable: Executable) {}

  static async open(
    session: Session,
    model: LanguageModel,
    batch: BatchShape,
    options: LossGraphOptions,
  ): Promise<Probe> {
    return new Probe(await session.load(probeProgram(model, batch, options)));
  }

  /** @param inputs of one micro-batch, which are copied: the step that follows takes them over */
  async run(step: number, inputs: Inputs, scales: number[]): Promise<ProbeReport> {
    const copies = Object.entries(inputs).map(([name, tensor]) => [name, { ...tensor, bytes: tensor.bytes.slice() }]);
    const [outputs] = await this.executable.run([
      { ...Object.fromEntries(copies), headScale: hostTensor('f32', scales) },
    ]);
    const report: ProbeReport = { step, activations: {}, activationGradients: {}, parameters: {}, gradients: {} };
    for (const [name, tensor] of Object.entries(outputs!)) {
      const [kind, of] = name.split(/:(.*)/s) as [Kind, string];
      const values = float32Values(tensor);
      report[kind][of] = Object.fromEntries(
        MOMENTS.map((moment, index) => [moment, values[index]]),
      ) as unknown as ProbeStatistics;
    }
    return report;
  }
}

function probeProgram(model: LanguageModel, batch: BatchShape, options: LossGraphOptions): Program {
  const { loss, activations } = model.loss(batch, options);
  const names = Object.keys(activations);
  const values = model.parameters.map(({ name }) => model.nodes.get(name)!);
  const slopes = gradients(loss, [...names.map((name) => activations[name]!), ...values]);
  const outputs: Record<`${Kind}:${string}`, Node> = {};
  for (const [index, name] of names.entries()) {
    outputs[`activations:${name}`] = moments(activations[name]!);
    outputs[`activationGradients:${name}`] = moments(slopes[index]!);
  }
  for (const [index, { name }] of model.parameters.entries()) {
    outputs[`parameters:${name}`] = moments(values[index]!);
    outputs[`gradients:${name}`] = moments(slopes[names.length + index]!);
  }
  return makeProgram({ outputs });
}

/** The moments in the order of MOMENTS, [5]. Deviations are scaled by the largest one, so that fourth powers stay finite. */
function moments(x: Node): Node {
  const flat = reshape(x, [elementCount(x.shape)]);
  const average = mean(flat);
  const deviation = subtract(flat, average);
  const tiny = scalar(1e-30);
  const unit = add(maximum(max(deviation), max(negate(deviation))), tiny);
  const scaled = divide(deviation, unit);
  const square = multiply(scaled, scaled);
  const variance = add(mean(square), tiny);
  const std = sqrt(variance);
  const skewness = divide(mean(multiply(square, scaled)), multiply(variance, std));
  const kurtosis = subtract(divide(mean(multiply(square, square)), multiply(variance, variance)), scalar(3));
  const largest = maximum(max(flat), max(negate(flat)));
  return concat([average, multiply(std, unit), largest, skewness, kurtosis], 0);
}
